import { isCatchmentError } from '../../functions/core/errors.ts';
import type { Network, Pipeline, Schedule, WarehouseConfig } from '../../functions/core/pipeline.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { handlerName, pipelineAccountName, scheduleName, schedulerAccountName } from '../names.ts';
import { asMapping, checkShape } from './check-shape.ts';
import { checkEngine } from './engine.ts';
import { readGroups } from './groups.ts';
import { didYouMean, type Path, type Report } from './mistake.ts';
import { checkSchemaFile } from './schemas.ts';
import { name as nameShape, pipeline as pipelineShape } from './shapes.ts';
import type { LoadSource } from './sources.ts';
import { readTables } from './tables.ts';
import { checkCron, checkSince, checkTimeZone } from './time.ts';
import { readTransforms } from './transforms.ts';
import { chooseWarehouse, type Warehouses } from './warehouses.ts';

/** What all pipelines of one estate are read with. */
export interface PipelinesArgs {
  readonly value: unknown;
  readonly warehouses: Warehouses;
  /** Names in the stack file, also of warehouses that could not be read. */
  readonly warehouseNames: readonly string[];
  /** True for the estate of one machine, where a group may talk to a sandbox. */
  readonly isTwin: boolean;
  /** The estate's, for pipelines that name none. */
  readonly network: Network | undefined;
  readonly sourceNames: readonly string[];
  readonly loadSource: LoadSource;
  readonly root: string;
  /** `YYYY-MM-DD` */
  readonly today: string;
  readonly report: Report;
}

export interface ReadPipelines {
  readonly pipelines: readonly Pipeline[];
  /** The sources in use, by name. */
  readonly sources: Readonly<Record<string, AnySource>>;
}

/** The pipelines that could be read; the others are reported. */
export async function readPipelines(args: PipelinesArgs): Promise<ReadPipelines> {
  const { value, report } = args;
  const pipelines: Pipeline[] = [];
  const sources: Record<string, AnySource> = {};
  const entries = asMapping(value, ['pipelines'], report);
  if (entries !== undefined && Object.keys(entries).length === 0)
    report({ path: ['pipelines'], what: 'names no pipeline', allowed: 'at least one' });
  for (const [key, entry] of Object.entries(entries ?? {})) {
    const path = ['pipelines', key];
    checkNames(key, path, report);
    const fields = asMapping(entry, path, report);
    if (fields === undefined) continue;
    const named = fields.source ?? key;
    const sourceName = typeof named === 'string' ? named : key;
    const source = await findSource(sourceName, fields.source === undefined, args, path);
    if (source !== undefined) sources[sourceName] = source;
    const pipeline = readPipeline(key, fields, sourceName, source, args);
    if (pipeline !== undefined) pipelines.push(pipeline);
  }
  return { pipelines, sources };
}

function readPipeline(
  key: string,
  fields: Readonly<Record<string, unknown>>,
  sourceName: string,
  source: AnySource | undefined,
  { warehouses, warehouseNames, isTwin, root, today, report, ...args }: PipelinesArgs,
): Pipeline | undefined {
  const path = ['pipelines', key];
  const read = checkShape(pipelineShape, { groups: {}, ...fields }, path, report);
  const wanted = typeof fields.warehouse === 'string' ? fields.warehouse : undefined;
  const warehouse = chooseWarehouse(wanted, warehouses, warehouseNames, key, report);
  const schedule = readSchedule(fields.schedule, source, [...path, 'schedule'], report);
  const since = read?.since?.slice(0, 10);
  if (since !== undefined) checkSince(since, today, [...path, 'since'], report);
  if (source === undefined) return undefined;

  const groupsPath = [...path, 'groups'];
  const groupFields = asMapping(fields.groups, groupsPath, report) ?? {};
  const groups = readGroups({ value: groupFields, source, isTwin, path: groupsPath, report });
  for (const { name } of groups) checkScheduleName(key, name, [...groupsPath, name], report);

  const tablesPath = [...path, 'tables'];
  const tables = readTables({ value: fields.tables, sourceName, source, path: tablesPath, report });
  for (const table of tables) checkSchemaFile(root, table, [...tablesPath, table.declared], report);
  const transforms = readTransforms({
    value: fields.transforms,
    root,
    sourceName,
    tables,
    groups: groups.length,
    path: [...path, 'transforms'],
    report,
  });
  if (read === undefined || warehouse === undefined) return undefined;
  const network = read.network ?? args.network;
  const pipeline: Pipeline = {
    name: key,
    source: sourceName,
    warehouse: stripped(warehouse),
    dataset: read.dataset ?? key.replaceAll('-', '_'),
    tables,
    ...(transforms.length === 0 ? {} : { transforms }),
    groups,
    schedule,
    runsOn: read.runsOn ?? source.runsOn,
    ...(since === undefined ? {} : { since }),
    ...(network === undefined || isTwin ? {} : { network }),
    ...(read.tasks === undefined ? {} : { tasks: read.tasks }),
    ...(read.parallelism === undefined ? {} : { parallelism: read.parallelism }),
    ...(read.engine === undefined ? {} : { engine: read.engine }),
  };
  checkEngine(pipeline, source, path, report);
  return pipeline;
}

async function findSource(
  name: string,
  isPipelineName: boolean,
  { sourceNames, loadSource, report }: PipelinesArgs,
  path: Path,
): Promise<AnySource | undefined> {
  const sourcePath = [...path, 'source'];
  if (!sourceNames.includes(name)) {
    report({
      path: sourcePath,
      what: isPipelineName ? "is missing, and no source has the pipeline's name" : 'is unknown',
      got: name,
      allowed: sourceNames,
      todo: didYouMean(name, sourceNames),
    });
    return undefined;
  }
  try {
    return await loadSource(name);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    report({ path: sourcePath, what: `cannot be loaded (${why})`, got: name });
    return undefined;
  }
}

function readSchedule(value: unknown, source: AnySource | undefined, path: Path, report: Report): Schedule {
  const fields = asMapping(value, path, report) ?? {};
  const { cron, timeZone, paused } = fields;
  if (typeof cron === 'string') checkCron(cron, [...path, 'cron'], report);
  if (typeof timeZone === 'string') checkTimeZone(timeZone, [...path, 'timeZone'], report);
  return {
    cron: typeof cron === 'string' ? cron : (source?.schedule.cron ?? ''),
    timeZone: typeof timeZone === 'string' ? timeZone : (source?.schedule.timeZone ?? 'Etc/UTC'),
    paused: paused === true,
  };
}

function checkNames(key: string, path: Path, report: Report): void {
  if (checkShape(nameShape, key, path, report) === undefined) return;
  for (const derive of [schedulerAccountName, pipelineAccountName, handlerName]) {
    const isWrong = reportName(() => derive(key), path, report);
    // The longest derived name tells enough.
    if (isWrong) return;
  }
}

function checkScheduleName(pipeline: string, group: string, path: Path, report: Report): void {
  reportName(() => scheduleName(pipeline, group), path, report);
}

function reportName(derive: () => string, path: Path, report: Report): boolean {
  try {
    derive();
    return false;
  } catch (error) {
    if (!isCatchmentError(error)) throw error;
    const { what, got, allowed, todo } = error.facts;
    report({ path, what, got, allowed: allowed === undefined ? undefined : String(allowed), todo });
    return true;
  }
}

function stripped(warehouse: WarehouseConfig): WarehouseConfig {
  return JSON.parse(JSON.stringify(warehouse)) as WarehouseConfig;
}
