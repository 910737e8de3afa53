import { fatal, retryable } from '../../errors.ts';
import { ident, literal } from '../../files/quote.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Commit, Outcome, StagedTable } from '../warehouse.ts';
import { windowBounds } from '../window-bounds.ts';
import { applyChanges } from './apply-changes.ts';
import type { Sql } from './database.ts';
import { replaceTable } from './replace-table.ts';
import type { PostgresStage } from './stage.ts';
import { tableName } from './tables.ts';
import { allColumns, list } from './types.ts';
import { writeByKey } from './write-by-key.ts';

/** What a slice covers, for `replaceWindow`. */
export type Scope = Pick<Commit, 'origin' | 'window'>;

/** One staged table on its way into the final one. */
export interface TableWrite {
  readonly sql: Sql;
  readonly target: TableTarget;
  /** The final table. */
  readonly table: string;
  /** The stage's table. */
  readonly stage: string;
  /** The stage's columns in order, as a list. The final table has them too, maybe in another order. */
  readonly columns: string;
  /** Rows staged. */
  readonly rows: number;
}

/** An outcome without the table's name. */
export type Counts = Omit<Outcome, 'table'>;

export const noCounts: Counts = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

/** Applies one stage to its table. Must run inside a transaction, which is the stage's own if it is direct. */
export async function applyStage(sql: Sql, staged: StagedTable, scope: Scope): Promise<Outcome> {
  const stage = staged.stage as PostgresStage;
  const { target, direct, rows } = stage;
  if (direct?.kind === 'final') {
    if (staged.writeMode !== 'append')
      throw fatal('internal', {
        where: target.name,
        what: 'rows that were piped for an append cannot be written in another mode',
        got: staged.writeMode,
        allowed: 'append',
      });
    return { ...noCounts, table: target.declared, inserted: rows };
  }
  const write: TableWrite = {
    sql,
    target,
    table: tableName(target),
    stage: direct === undefined ? await stage.table() : direct.table,
    columns: list(allColumns(target.columns)),
    rows,
  };
  // Other writers of the table wait until this one is done; readers do not notice.
  if (staged.writeMode !== 'append') await sql.run(`LOCK TABLE ${write.table} IN SHARE ROW EXCLUSIVE MODE`);
  if (direct?.kind === 'next' && staged.writeMode === 'replace')
    return { table: target.declared, ...(await replaceTable(write)) };
  return { table: target.declared, ...(await applyMode(write, staged, conditionOf(target, scope))) };
}

function applyMode(write: TableWrite, { writeMode, truncate }: StagedTable, scope: string): Promise<Counts> {
  const hasKey = write.target.key.length > 0;
  switch (writeMode) {
    case 'append':
      return append(write);
    case 'merge':
      return writeByKey(write, undefined);
    case 'changes':
      return applyChanges(write, truncate === true);
    case 'replaceWindow':
      return hasKey ? writeByKey(write, scope) : replaceScope(write, scope);
    case 'replace':
      return hasKey ? writeByKey(write, 'TRUE') : replaceScope(write, 'TRUE');
  }
}

async function append(write: TableWrite): Promise<Counts> {
  return { ...noCounts, inserted: await insertStaged(write) };
}

/**
 * Without a key nothing tells rows apart, so what the slice covered is deleted and loaded again. Readers go on seeing the
 * old rows until the commit, also those whose transaction began before; TRUNCATE would show them an empty table.
 */
export async function replaceScope(write: TableWrite, scope: string): Promise<Counts> {
  const deleted = await write.sql.run(`DELETE FROM ${write.table} WHERE ${scope}`);
  return { ...noCounts, deleted, inserted: await insertStaged(write) };
}

export async function insertStaged(write: TableWrite): Promise<number> {
  const { sql, table, columns, stage, rows, target } = write;
  const inserted = await sql.run(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage}`);
  if (inserted !== rows) throw lostStage(target, rows, inserted);
  return inserted;
}

/** A server that crashed comes back with its UNLOGGED tables empty. */
export function lostStage(target: TableTarget, expected: number, found: number) {
  return retryable('warehouse', {
    where: target.name,
    what: `the stage lost rows, as when the server crashed in between: ${expected} were staged, ${found} are there`,
    todo: 'nothing of the slice was loaded; run it again',
  });
}

/** The rows that a slice covers, as a condition on the final table. */
function conditionOf(target: TableTarget, scope: Scope): string {
  const own = `_origin = ${literal(scope.origin)}`;
  const bounds = windowBounds(target, scope);
  if (bounds === undefined) return own;
  const name = ident(bounds.column);
  const moment = (text: string) => {
    if (bounds.type === 'TIMESTAMP') return `TIMESTAMPTZ ${literal(`${text}+00`)}`;
    return `${bounds.type === 'DATE' ? 'DATE' : 'TIMESTAMP'} ${literal(text)}`;
  };
  return `${own} AND ${name} >= ${moment(bounds.from)} AND ${name} < ${moment(bounds.before)}`;
}
