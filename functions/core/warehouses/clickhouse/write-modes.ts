import type { TableTarget } from '../../pipeline.ts';
import type { Commit, Outcome, StagedTable } from '../warehouse.ts';
import { windowBounds } from '../window-bounds.ts';
import { writeChanges } from './apply-changes.ts';
import type { Clickhouse } from './client.ts';
import { ident, literal, names, tableRef } from './names.ts';
import type { ClickhouseStage } from './stage.ts';
import { sortColumns } from './tables.ts';
import { allColumns } from './types.ts';

/** One staged table on its way into a table of the commit, which nobody reads yet. */
export interface TableWrite {
  readonly clickhouse: Clickhouse;
  readonly target: TableTarget;
  /** Tables as SQL: the final one, the stage, and the one of the commit, which is empty. */
  readonly final: string;
  readonly stage: ClickhouseStage;
  readonly into: string;
  /** Greater than any `_version` in the table. */
  readonly version: number;
  /** Rows that the slice covers, as a condition on the final table. */
  readonly scope: string;
}

export type Counts = Omit<Outcome, 'table'>;

export const noCounts: Counts = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

/** How the table of the commit gets into the final one: its rows beside those that are there, or in their place. */
export interface Written {
  readonly counts: Counts;
  readonly apply: 'attach' | 'exchange';
}

/**
 * Fills the table of the commit with all that a stage does to its final table: rows, and marks of deletion for rows that
 * go. Nothing of it can be seen before it is attached or exchanged, which is one step for readers.
 */
export async function writeTable(
  write: TableWrite,
  { writeMode, truncate = false }: StagedTable,
): Promise<Written> {
  const hasKey = write.target.key.length > 0;
  switch (writeMode) {
    case 'append':
      return { counts: { ...noCounts, inserted: await attachStage(write) }, apply: 'attach' };
    case 'merge':
      return { counts: await mergeByKey(write, 'FALSE'), apply: 'attach' };
    case 'replaceWindow':
      return hasKey
        ? { counts: await mergeByKey(write, write.scope), apply: 'attach' }
        : { counts: await replaceScope(write), apply: 'attach' };
    case 'replace':
      return hasKey
        ? { counts: await replaceByKey(write), apply: 'exchange' }
        : { counts: await replaceAll(write), apply: 'exchange' };
    case 'changes':
      return { counts: await writeChanges(write, truncate), apply: truncate ? 'exchange' : 'attach' };
  }
}

/** The parts of the stage are linked, not copied. */
async function attachStage({ clickhouse, into, stage }: TableWrite): Promise<number> {
  if (stage.rows > 0)
    await clickhouse.run({
      what: `taking over the stage of ${stage.target.name}`,
      sql: `ALTER TABLE ${into} ATTACH PARTITION tuple() FROM ${stage.ref}`,
    });
  return stage.rows;
}

async function replaceAll(write: TableWrite): Promise<Counts> {
  const [deleted = 0] = await ask(write, `SELECT count() FROM ${write.final} FINAL`);
  return { ...noCounts, deleted, inserted: await attachStage(write) };
}

/** Without a key nothing tells rows apart, so what the slice covered is deleted and loaded again. */
async function replaceScope(write: TableWrite): Promise<Counts> {
  // A commit that is made again finds its own rows there.
  const others = `${write.scope} AND _copy NOT IN (SELECT DISTINCT _copy FROM ${write.stage.ref})`;
  const deleted = await markDeleted(write, others);
  return { ...noCounts, deleted, inserted: await attachStage(write) };
}

async function mergeByKey(write: TableWrite, scope: string): Promise<Counts> {
  const rows = await writeLastOfKey(write);
  const counts = await compareStaged(write, rows);
  // What others put there without a key of its own.
  await markDeleted(write, `_copy != 0 AND ${isStaged(write, 'IN')}`);
  const gone = scope === 'FALSE' ? 0 : await markDeleted(write, `${scope} AND ${isStaged(write, 'NOT IN')}`);
  return { ...counts, duplicates: write.stage.rows - rows, deleted: counts.deleted + gone };
}

async function replaceByKey(write: TableWrite): Promise<Counts> {
  const rows = await writeLastOfKey(write);
  const counts = await compareStaged(write, rows);
  const [gone = 0] = await ask(
    write,
    `SELECT count() FROM ${write.final} FINAL WHERE ${isStaged(write, 'NOT IN')}`,
  );
  return { ...counts, duplicates: write.stage.rows - rows, deleted: counts.deleted + gone };
}

/** Of staged rows with one key the last one counts. The stage is sorted by the key, so this takes little memory. */
async function writeLastOfKey(write: TableWrite): Promise<number> {
  const { target, stage, into, version } = write;
  if (stage.rows === 0) return 0;
  const columns = names(allColumns(target.columns).map(({ name }) => name));
  const order = [...target.key, '_copy', '_row'].map((name) => `${ident(name)} DESC`).join(', ');
  await write.clickhouse.run({
    what: `writing rows of ${target.name}`,
    sql:
      `INSERT INTO ${into} (${columns}, _version) SELECT ${columns}, toUInt64(${version}) FROM ${stage.ref} ` +
      `ORDER BY ${order} LIMIT 1 BY ${names(target.key)}`,
  });
  const [rows = 0] = await ask(write, `SELECT count() FROM ${into}`);
  return rows;
}

/**
 * Counts what staged rows are to the table. NULL is a value like any other here.
 *
 * @param rows of the table of the commit; all of them have a key of their own
 */
export async function compareStaged(write: TableWrite, rows: number): Promise<Counts> {
  const { target, final, into } = write;
  if (rows === 0) return noCounts;
  const [held = 0] = await ask(write, `SELECT count() FROM ${final}`);
  if (held === 0) return { ...noCounts, inserted: rows };
  const key = names(target.key);
  const hash = `sipHash128(tuple(${names(allColumns(target.columns).map(({ name }) => name))}))`;
  const [inserted = 0, updated = 0, unchanged = 0, deleted = 0] = await ask(
    write,
    'SELECT countIf(held = 0), countIf(held > 0 AND NOT same), countIf(same), sumIf(held - 1, held > 1) FROM (' +
      `SELECT countIf(side = 0) AS held, has(groupArrayIf(hash, side = 0), anyIf(hash, side = 1)) AS same FROM (` +
      `SELECT ${key}, ${hash} AS hash, 1 AS side FROM ${into} WHERE _is_deleted = 0 UNION ALL ` +
      `SELECT ${key}, ${hash} AS hash, 0 AS side FROM ${final} FINAL WHERE ${isStaged(write, 'IN')}) GROUP BY ${key})`,
  );
  return { ...noCounts, inserted, updated, unchanged, deleted };
}

/** Whether the key of a row of the final table is written by this commit. */
export function isStaged({ target, into }: TableWrite, how: 'IN' | 'NOT IN'): string {
  return `(${names(target.key)}) ${how} (SELECT ${names(target.key)} FROM ${into} WHERE _is_deleted = 0)`;
}

/** Writes a mark for each row of the final table that goes. @returns how many */
export async function markDeleted(write: TableWrite, condition: string): Promise<number> {
  const { clickhouse, target, final, into, version } = write;
  const where = `FROM ${final} FINAL WHERE ${condition}`;
  const [rows = 0] = await ask(write, `SELECT count() ${where}`);
  if (rows === 0) return 0;
  const columns = names([...sortColumns(target), '_copy', '_row']);
  await clickhouse.run({
    what: `marking deleted rows of ${target.name}`,
    sql: `INSERT INTO ${into} (${columns}, _version, _is_deleted) SELECT ${columns}, toUInt64(${version}), 1 ${where}`,
  });
  return rows;
}

function ask({ clickhouse, target }: TableWrite, sql: string): Promise<readonly number[]> {
  return clickhouse.numbers({ what: `counting rows of ${target.name}`, sql });
}

/** The rows that a slice covers. */
export function scopeOf(target: TableTarget, scope: Pick<Commit, 'origin' | 'window'>): string {
  const own = `_origin = ${literal(scope.origin)}`;
  const bounds = windowBounds(target, scope);
  if (bounds === undefined) return own;
  const name = ident(bounds.column);
  const moment = (text: string) =>
    bounds.type === 'DATE' ? `toDate32(${literal(text)})` : `toDateTime64(${literal(text)}, 6, 'UTC')`;
  return `${own} AND ${name} >= ${moment(bounds.from)} AND ${name} < ${moment(bounds.before)}`;
}

export function finalRef({ dataset, name }: TableTarget): string {
  return tableRef(dataset, name);
}
