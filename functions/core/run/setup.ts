import type { z } from 'zod';
import { systemClock } from '../clock.ts';
import { fatal } from '../errors.ts';
import type { Lane } from '../ledger/ledger.ts';
import type { Group, Pipeline, PipelineTable, TableTarget, Transform } from '../pipeline.ts';
import { checkTable, possibleWriteModes } from '../source.ts';
import { checkWindow, today } from './days.ts';
import type { RunRequest } from './request.ts';

/** A transform together with the columns of its schema file. */
export type TransformTarget = Transform & TableTarget;

/** A run request that was checked whole, before anything is opened, asked or written. */
export interface RunSetup {
  /** `pipeline/group`, for errors and logs. */
  readonly where: string;
  readonly group: Group;
  readonly lane: Lane;
  readonly targets: readonly TableTarget[];
  /** Tables that are computed after all others. */
  readonly transforms: readonly TransformTarget[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, unknown>>;
  /** Accounts; `['-']` for a group that is one account. */
  readonly origins: readonly string[];
  readonly now: () => Date;
  /** The group's day when the run began. */
  readonly today: string;
}

/** @throws fatal `bad-input` or `bad-schema`, naming the field, what came and what is allowed */
export function setUpRun(request: RunRequest): RunSetup {
  const { pipeline, source, window } = request;
  const group = findGroup(pipeline, request.group);
  const where = `${pipeline.name}/${group.name}`;
  const now = request.now ?? systemClock;
  const day = today(now(), group.timeZone);
  if (window !== undefined) checkWindow(window, day, where);
  const settings = parse(source.settings, group.settings, `${where}: settings`);
  const secret = parse(source.secret, request.secret ?? {}, `${where}: secret ${group.secret ?? ''}`);
  const accounts = source.accounts === undefined ? ['-'] : settings[source.accounts];
  return {
    where,
    group,
    lane: window === undefined ? 'incremental' : 'backfill',
    targets: selectTables(request, where).map((table) => withColumns(request, table, where)),
    transforms: (pipeline.transforms ?? []).map((each) => withColumns(request, each, where)),
    settings,
    secret,
    origins: Array.isArray(accounts) ? accounts.map(String) : ['-'],
    now,
    today: day,
  };
}

function findGroup(pipeline: Pipeline, name: string): Group {
  const group = pipeline.groups.find((candidate) => candidate.name === name);
  if (group !== undefined) return group;
  const allowed = pipeline.groups.map((candidate) => candidate.name);
  throw fatal('bad-input', { where: pipeline.name, what: 'there is no such group', got: name, allowed });
}

function selectTables({ pipeline, tables, window, writeMode }: RunRequest, where: string): PipelineTable[] {
  const allowed = pipeline.tables.map((table) => table.declared);
  const unknown = tables?.find((name) => !allowed.includes(name));
  if (unknown !== undefined)
    throw fatal('bad-input', { where, what: 'the pipeline has no such table', got: unknown, allowed });
  // The tables of a log share one stream: it cannot be read for some of them and be read again for the others.
  const isLog = pipeline.tables.some(
    ({ cursor, declared }) => cursor.kind === 'log' && tables?.includes(declared) === true,
  );
  const wanted = pipeline.tables.filter(
    ({ cursor, declared }) =>
      tables === undefined || tables.includes(declared) || (isLog && cursor.kind === 'log'),
  );
  const selected = window === undefined ? wanted : wanted.filter((table) => table.cursor.kind === 'window');
  if (selected.length === 0)
    throw fatal('bad-input', {
      where,
      what: 'no table of this run is read by days, so it takes no start_date and end_date',
      got: wanted.map((table) => table.declared),
      todo: 'run it without dates',
    });
  if (writeMode === undefined) return selected;
  return selected.map((table) => {
    const possible = possibleWriteModes(table);
    if (!possible.includes(writeMode))
      throw fatal('bad-input', {
        where,
        what: `write_mode is not possible for table "${table.name}"`,
        got: writeMode,
        allowed: possible,
      });
    return { ...table, writeMode };
  });
}

function withColumns<T extends PipelineTable>(
  { schemas, pipeline }: RunRequest,
  table: T,
  where: string,
): T & TableTarget {
  const columns = schemas[table.schema];
  if (columns === undefined)
    throw fatal('bad-schema', { where, what: `there is no schema file schemas/${table.schema}.json` });
  // A run-time write mode may append days that are read again, which checkTable refuses in a declaration.
  if (table.writeMode !== 'append') checkTable(where, table.name, table);
  const watermark = table.cursor.kind === 'watermark' ? table.cursor.field : undefined;
  const needed = [...table.key, table.windowField, watermark, table.partitionBy, ...(table.clusterBy ?? [])];
  for (const name of needed) {
    if (name !== undefined && !columns.some((column) => column.name === name))
      throw fatal('bad-schema', {
        where,
        what: `schemas/${table.schema}.json lacks the column "${name}" that table "${table.name}" needs`,
        allowed: columns.map((column) => column.name),
      });
  }
  return { ...table, dataset: pipeline.dataset, columns };
}

/** Errors name the fields, never the values: the same function reads secrets. */
function parse(shape: z.ZodObject, value: unknown, where: string): Readonly<Record<string, unknown>> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw fatal('bad-input', {
    where,
    what: mistakes.join('; '),
    allowed: `fields ${Object.keys(shape.shape).join(', ')}`,
  });
}
