import type { DuckDBConnection } from '@duckdb/node-api';
import type { WriteMode } from '../../cursor.ts';
import { fatal } from '../../errors.ts';
import { ident, literal } from '../../files/quote.ts';
import { allColumns } from '../../files/types.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Commit, Outcome, StagedTable } from '../warehouse.ts';
import { windowBounds } from '../window-bounds.ts';
import { applyChanges } from './apply-changes.ts';
import { changeRows, keepOrder, rowsOf } from './database.ts';
import { replaceTable, takeDraft } from './replace-table.ts';
import type { DuckdbStage } from './stage.ts';
import type { StageContent } from './stage-content.ts';
import { tableName } from './tables.ts';
import { writeByKey } from './write-by-key.ts';

/** What a slice covers, for `replaceWindow`. */
export type Scope = Pick<Commit, 'origin' | 'window'>;

/** One staged table on its way into the final one. */
export interface TableWrite {
  readonly connection: DuckDBConnection;
  readonly target: TableTarget;
  /** The final table. */
  readonly table: string;
  /** The stage's TEMP table or draft; its `rowid` is the order in which rows came. */
  readonly stage: string;
  /** The stage's columns in order, as a list. The final table has them too, maybe in another order. */
  readonly columns: string;
  /** Rows staged. */
  readonly rows: number;
  readonly content: StageContent;
}

/** An outcome without the table's name. */
export type Counts = Omit<Outcome, 'table'>;

export const noCounts: Counts = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

/** Applies one stage to its table. Must run inside a transaction. */
export async function applyStage(
  connection: DuckDBConnection,
  { stage, writeMode, truncate = false }: StagedTable,
  scope: Scope,
): Promise<Outcome> {
  const { target, rows, table: stageTable, content } = stage as DuckdbStage;
  const columns = allColumns(target.columns).map((column) => ident(column.name));
  const staged = content();
  const write: TableWrite = {
    connection,
    target,
    table: tableName(target),
    stage: staged.kind === 'draft' ? staged.draft.table : stageTable,
    columns: columns.join(', '),
    rows,
    content: staged,
  };
  const counts =
    writeMode === 'changes'
      ? await applyChanges(write, truncate)
      : await applyMode(write, writeMode, conditionOf(target, scope));
  return { table: target.declared, ...counts };
}

function applyMode(write: TableWrite, mode: WriteMode, scope: string): Promise<Counts> {
  const hasKey = write.target.key.length > 0;
  switch (mode) {
    case 'append':
      return append(write);
    case 'merge':
      return writeByKey(write, undefined);
    case 'replaceWindow':
      return hasKey ? writeByKey(write, scope) : replaceScope(write, scope);
    case 'replace':
      return hasKey ? writeByKey(write, 'TRUE') : replaceTable(write);
  }
}

async function append(write: TableWrite): Promise<Counts> {
  return { ...noCounts, inserted: await insertStaged(write) };
}

/** Without a key nothing tells rows apart, so what the slice covered is deleted and loaded again. */
async function replaceScope(write: TableWrite, scope: string): Promise<Counts> {
  const deleted = await changeRows(write.connection, `DELETE FROM ${write.table} WHERE ${scope}`);
  return { ...noCounts, deleted, inserted: await insertStaged(write) };
}

/** Rows that DuckDB compresses together. Fewer of them are written by one thread anyway. */
const rowGroup = 122_880;

/**
 * Inserts all staged rows into a table; those of a deferred SELECT straight from their file, and a draft as a whole where
 * the final table is empty. Of a large file they come in
 * any order: to keep theirs takes a third of the time, and a table promises none. (A copy from the stage gains little by
 * it and takes 100 MB more.) Must run inside a transaction.
 */
export async function insertStaged(write: TableWrite, into: string = write.table): Promise<number> {
  const { connection, content, columns, stage, rows, target } = write;
  if (content.kind === 'draft' && into === write.table && (await isEmpty(write)) && (await takeDraft(write)))
    return rows;
  const from = content.kind === 'select' ? content.sql : `SELECT ${columns} FROM ${stage}`;
  const isUnordered = content.kind === 'select' && rows > rowGroup;
  if (isUnordered) await connection.run('SET preserve_insertion_order = false');
  const inserted = await changeRows(connection, `INSERT INTO ${into} (${columns}) ${from}`).catch(
    (error: unknown) => {
      throw content.kind === 'select' ? content.explain(error) : error;
    },
  );
  if (isUnordered) await connection.run(keepOrder);
  if (inserted !== rows)
    throw fatal('bad-file', {
      where: target.name,
      what: `a file changed while it was loaded: ${rows} rows were checked, ${inserted} came`,
      todo: 'nothing of it was loaded; run it again when the file is whole',
    });
  return inserted;
}

async function isEmpty({ connection, table }: TableWrite): Promise<boolean> {
  return (await rowsOf(connection, `SELECT 1 FROM ${table} LIMIT 1`)).length === 0;
}

/** The rows that a slice covers, as a condition on the final table. */
function conditionOf(target: TableTarget, scope: Scope): string {
  const own = `${ident('_origin')} = ${literal(scope.origin)}`;
  const bounds = windowBounds(target, scope);
  if (bounds === undefined) return own;
  const name = ident(bounds.column);
  const moment = (text: string) => {
    if (bounds.type === 'TIMESTAMP') return `TIMESTAMPTZ ${literal(`${text}+00`)}`;
    return `${bounds.type === 'DATE' ? 'DATE' : 'TIMESTAMP'} ${literal(text)}`;
  };
  return `${own} AND ${name} >= ${moment(bounds.from)} AND ${name} < ${moment(bounds.before)}`;
}
