import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from '../../files/quote.ts';
import type { TableTarget } from '../../pipeline.ts';
import { systemColumns } from '../../schema.ts';
import type { Database } from './database.ts';
import { rowsOf } from './database.ts';
import { definition } from './replace-table.ts';
import type { ExistingColumn } from './tables.ts';
import { existingColumns, tableName } from './tables.ts';

/**
 * A table beside the final one, filled inside one long transaction: nobody sees it, a crash leaves nothing of it, and the
 * commit of a slice has only to give it the final table's name.
 */
export interface Draft {
  /** Its quoted name. It has the columns of the final table, in that order. */
  readonly table: string;
  /** Inside the transaction; after an error, only `drop` is left. */
  readonly connection: DuckDBConnection;
  /** Ends the transaction, so that the commit of the slice sees the table. Again: nothing happens. */
  publish(): Promise<void>;
  /** Drops the table, unless it has become the final one. */
  drop(): Promise<void>;
}

/** Marks drafts, so that the next process drops what was published by one that died before its commit. */
const mark = 'catchment: a load that is not committed yet';

export async function openDraft(database: Database, target: TableTarget): Promise<Draft> {
  const table = tableName({ dataset: target.dataset, name: `${target.name}__draft_${randomUUID()}` });
  const connection = await database.connect();
  let state: 'open' | 'published' | 'dropped' = 'open';
  try {
    await connection.run('BEGIN TRANSACTION');
    const columns = await existingColumns(connection, target);
    await connection.run(
      `CREATE TABLE ${table} (${columns.map((column) => definition(column, packingOf(column))).join(', ')})`,
    );
    await connection.run(`COMMENT ON TABLE ${table} IS ${literal(mark)}`);
  } catch (error) {
    connection.closeSync();
    throw error;
  }
  return {
    table,
    connection,
    async publish() {
      if (state !== 'open') return;
      await database.write(() => connection.run('COMMIT'));
      state = 'published';
      connection.closeSync();
    },
    async drop() {
      const before = state;
      state = 'dropped';
      if (before === 'open') {
        await connection.run('ROLLBACK').catch(() => undefined);
        connection.closeSync();
      } else if (before === 'published')
        await database.write((writer) => writer.run(`DROP TABLE IF EXISTS ${table}`));
    },
  };
}

/**
 * How DuckDB packs the kit's own columns, which hold one text or NULL: as it would itself in storage of 1.4, but without
 * a try of all other ways, which costs as much as reading the columns from a file (1.5.5).
 */
function packingOf({ name, type }: ExistingColumn): string {
  const isOwn = systemColumns.some((column) => column.name === name);
  return isOwn && (type === 'VARCHAR' || type === 'JSON') ? ' USING COMPRESSION dict_fsst' : '';
}

/** Drops the drafts of processes that died. Only for a file that nobody else has open. */
export async function dropDeadDrafts(connection: DuckDBConnection): Promise<void> {
  const dead = await rowsOf(
    connection,
    `SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND comment = $1`,
    [mark],
  );
  for (const [dataset, name] of dead)
    await connection.run(`DROP TABLE ${tableName({ dataset: String(dataset), name: String(name) })}`);
}
