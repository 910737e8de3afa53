import type { Pipeline, PipelineTable } from '../../functions/core/pipeline.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { checkShape } from './check-shape.ts';
import type { Path, Report } from './mistake.ts';

/** Reports a pipeline whose rows cannot be moved the way it asks for. */
export function checkEngine(pipeline: Pipeline, source: AnySource, path: Path, report: Report): void {
  if (pipeline.tasks !== undefined && pipeline.tasks > 1) checkTasks(pipeline, path, report);
  checkParallelism(pipeline, path, report);
  if (pipeline.engine === 'dataflow') checkDataflow(pipeline, source, path, report);
}

function checkTasks(
  { tasks, runsOn, tables, engine, warehouse }: Pipeline,
  path: Path,
  report: Report,
): void {
  const at = [...path, 'tasks'];
  if (engine !== undefined)
    report({
      path: at,
      what: `is of no use beside engine ${engine}, which has workers of its own`,
      got: tasks,
    });
  if (runsOn !== 'job') report({ path: at, what: 'is for jobs only', got: tasks, todo: 'set "runsOn: job"' });
  if (warehouse.kind === 'duckdb')
    report({
      path: at,
      what: 'needs a warehouse that several processes write to',
      got: tasks,
      allowed: 'bigquery, clickhouse, postgres, sqlite',
    });
  for (const table of tables) {
    const why = orderOf(table);
    if (why !== undefined)
      report({
        path: [...path, 'tables', table.declared],
        what: `${why}, so no tasks can share it`,
        got: tasks,
      });
  }
}

/** Why the slices of a table come one after the other; undefined where any order will do. */
function orderOf({ cursor, writeMode }: PipelineTable): string | undefined {
  if (cursor.kind === 'log') return 'is read from a log, in its order';
  // What later slices appended before an earlier one failed would be appended again.
  if (cursor.kind === 'watermark' && writeMode === 'append') return 'appends by a watermark, in its order';
  return undefined;
}

function checkParallelism({ tasks = 1, parallelism }: Pipeline, path: Path, report: Report): void {
  if (parallelism === undefined || parallelism <= tasks) return;
  report({
    path: [...path, 'parallelism'],
    what: 'is more than there are tasks',
    got: parallelism,
    allowed: `1 to ${tasks}`,
  });
}

function checkDataflow(
  { warehouse, tables, groups, source: name }: Pipeline,
  source: AnySource,
  path: Path,
  report: Report,
): void {
  const at = [...path, 'engine'];
  if (source.engines?.includes('dataflow') !== true)
    report({
      path: at,
      what: `cannot read ${source.title}: no template of Dataflow does what functions/${name} does`,
      got: 'dataflow',
      todo: 'leave the engine out',
    });
  if (warehouse.kind !== 'bigquery')
    report({
      path: at,
      what: `cannot write to ${warehouse.kind}`,
      got: 'dataflow',
      allowed: 'a bigquery warehouse',
      todo: 'leave the engine out, or name another warehouse',
    });
  const unreadable: Report = (finding) =>
    report({
      ...finding,
      what: 'cannot be read by engine dataflow',
      todo: 'leave the engine out, or give it to a pipeline without one',
    });
  const { settings, options } = source.engineShapes ?? {};
  if (settings !== undefined)
    for (const group of groups.filter(({ sandbox }) => !sandbox))
      checkShape(settings, group.settings, [...path, 'groups', group.name], unreadable);
  if (options !== undefined)
    for (const table of tables)
      checkShape(options, table.options, [...path, 'tables', table.declared], unreadable);
  for (const { cursor, declared } of tables)
    if (cursor.kind !== 'snapshot' && cursor.kind !== 'objects')
      report({
        path: [...path, 'tables', declared],
        what: 'is read a piece at a time, and a Dataflow job reads it whole',
        got: cursor.kind,
        todo: 'leave its watermark out, or give it to a pipeline without an engine',
      });
}
