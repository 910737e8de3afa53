import type { DuckDBConnection } from '@duckdb/node-api';
import type { DayWindow } from '../../cursor.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Outcome, StagedTable } from '../warehouse.ts';
import { rowsOf } from './database.ts';
import { ident, literal } from './files/quote.ts';
import type { DuckdbStage } from './stage.ts';
import { tableName } from './tables.ts';
import { allColumns, columnDefinitions } from './types.ts';

/** What a slice covers, for `replaceWindow`. */
export interface Scope {
  readonly origin: string;
  readonly window?: DayWindow | undefined;
}

interface Write {
  readonly connection: DuckDBConnection;
  readonly target: TableTarget;
  /** The final table. */
  readonly table: string;
  /** The staged rows as SQL that stands after FROM. */
  readonly staged: string;
  readonly stagedRows: number;
  readonly scope: Scope;
}

/** Applies one stage to its table. Must run inside a transaction. */
export async function applyStage(
  connection: DuckDBConnection,
  { stage, writeMode }: StagedTable,
  scope: Scope,
): Promise<Outcome> {
  const { target, rows, table: stageTable, content } = stage as DuckdbStage;
  const held = content();
  const hasKey = target.key.length > 0 && (writeMode === 'merge' || writeMode === 'replaceWindow');
  if (held.kind === 'select' && hasKey) await connection.run(`INSERT INTO ${stageTable} ${held.sql}`);
  const write: Write = {
    connection,
    target,
    table: tableName(target),
    staged: held.kind === 'select' && !hasKey ? `(${held.sql})` : stageTable,
    stagedRows: rows,
    scope,
  };
  switch (writeMode) {
    case 'append':
      return append(write);
    case 'replace':
      return replace(write);
    case 'merge':
      return merge(write);
    case 'replaceWindow':
      return hasKey ? replaceWindow(write) : replaceScope(write);
  }
}

async function append({ connection, target, table, staged, stagedRows }: Write): Promise<Outcome> {
  await connection.run(`INSERT INTO ${table} BY NAME SELECT * FROM ${staged}`);
  return { ...nothing(target), inserted: stagedRows };
}

/** A new table takes the old one's place when the transaction commits; readers see one or the other, whole. */
async function replace({ connection, target, table, staged, stagedRows }: Write): Promise<Outcome> {
  const deleted = await count(connection, `SELECT count(*) FROM ${table}`);
  await connection.run(`CREATE OR REPLACE TABLE ${table} (${columnDefinitions(target.columns)})`);
  await connection.run(`INSERT INTO ${table} SELECT * FROM ${staged}`);
  return { ...nothing(target), inserted: stagedRows, deleted };
}

/** Without a key nothing tells rows apart, so what the slice covered is deleted and loaded again. */
async function replaceScope(write: Write): Promise<Outcome> {
  const { connection, target, table, staged, stagedRows } = write;
  const deleted = await count(connection, `SELECT count(*) FROM ${table} WHERE ${inScope(write)}`);
  if (deleted > 0) await connection.run(`DELETE FROM ${table} WHERE ${inScope(write)}`);
  await connection.run(`INSERT INTO ${table} BY NAME SELECT * FROM ${staged}`);
  return { ...nothing(target), inserted: stagedRows, deleted };
}

async function merge(write: Write): Promise<Outcome> {
  const outcome = await upsert(write);
  await dropMatches(write);
  return outcome;
}

/** Rows that the slice covered and does not bring again are gone; the others are merged, so equal ones stay untouched. */
async function replaceWindow(write: Write): Promise<Outcome> {
  const { connection, table } = write;
  const outcome = await upsert(write);
  const gone = `${inScope(write)} AND NOT EXISTS (SELECT 1 FROM ${matches} m WHERE ${sameKey(write.target, 'm', 't')})`;
  const deleted = await count(connection, `SELECT count(*) FROM ${table} t WHERE ${gone}`);
  if (deleted > 0) {
    await connection.run(
      `DELETE FROM ${table} WHERE rowid IN (SELECT t.rowid FROM ${table} t WHERE ${gone})`,
    );
  }
  await dropMatches(write);
  return { ...outcome, deleted };
}

const matches = 'temp.main.catchment_matches';

/**
 * Compares each staged row with the row of the same key: new ones are inserted, different ones replaced, equal ones left
 * alone. Of several staged rows with one key the last one counts. Leaves the comparison in `matches`.
 */
async function upsert({ connection, target, table, staged, stagedRows }: Write): Promise<Outcome> {
  const columns = allColumns(target.columns).map((column) => ident(column.name));
  const list = (alias: string) => columns.map((column) => `${alias}.${column}`).join(', ');
  const key = target.key.map(ident).join(', ');
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE catchment_matches AS
    WITH s AS (
      SELECT st.*, st.rowid AS _staged FROM ${staged} st WHERE st.rowid IN (SELECT max(rowid) FROM ${staged} GROUP BY ${key}))
    SELECT s.*, t.rowid AS _found,
      CASE WHEN t.rowid IS NULL THEN 'new' WHEN (${list('s')}) IS DISTINCT FROM (${list('t')}) THEN 'changed' ELSE 'same' END AS _state
    FROM s LEFT JOIN ${table} t ON ${sameKey(target, 's', 't')}`);
  // A table that somebody else filled may hold a key twice: such rows become one.
  await connection.run(`
    UPDATE ${matches} SET _state = 'changed'
    WHERE _staged IN (SELECT _staged FROM ${matches} GROUP BY _staged HAVING count(*) > 1)`);
  const [row = []] = await rowsOf(
    connection,
    `SELECT count(DISTINCT _staged) FILTER (_state = 'new'), count(DISTINCT _staged) FILTER (_state = 'changed'),
       count(DISTINCT _staged) FILTER (_state = 'same') FROM ${matches}`,
  );
  const [inserted = 0, updated = 0, unchanged = 0] = row.map(Number);
  if (updated > 0) {
    await connection.run(
      `DELETE FROM ${table} WHERE rowid IN (SELECT _found FROM ${matches} WHERE _state = 'changed')`,
    );
  }
  if (inserted + updated > 0) {
    await connection.run(
      `INSERT INTO ${table} BY NAME SELECT ${columns.join(', ')} FROM (
         SELECT DISTINCT ON (_staged) * FROM ${matches} WHERE _state <> 'same') ORDER BY _staged`,
    );
  }
  return {
    ...nothing(target),
    inserted,
    updated,
    unchanged,
    duplicates: stagedRows - inserted - updated - unchanged,
  };
}

async function dropMatches({ connection }: Write): Promise<void> {
  await connection.run(`DROP TABLE ${matches}`);
}

function inScope({ target, scope: { origin, window } }: Write): string {
  const mine = `${ident('_origin')} = ${literal(origin)}`;
  if (window === undefined || target.windowField === undefined) return mine;
  const day = ident(target.windowField);
  return `${mine} AND ${day} BETWEEN DATE ${literal(window.start)} AND DATE ${literal(window.end)}`;
}

/** NULL equals NULL here: a key part that is missing must not double the row. */
function sameKey({ key }: TableTarget, left: string, right: string): string {
  return key
    .map((name) => `${left}.${ident(name)} IS NOT DISTINCT FROM ${right}.${ident(name)}`)
    .join(' AND ');
}

function nothing(target: TableTarget): Outcome {
  return { table: target.declared, inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };
}

async function count(connection: DuckDBConnection, sql: string): Promise<number> {
  const [[value] = []] = await rowsOf(connection, sql);
  return Number(value);
}
