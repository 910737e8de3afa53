import type { DuckDBConnection } from '@duckdb/node-api';
import { fatal } from '../../errors.ts';
import { ident, literal } from '../../files/quote.ts';
import { duckdbType } from '../../files/types.ts';
import type { TableTarget } from '../../pipeline.ts';
import { changeRows } from './database.ts';

/**
 * Fills a stage with the rows of a query that names all columns of the target.
 *
 * @throws fatal `bad-input` with DuckDB's words when the query fails
 */
export async function fillStage(
  connection: DuckDBConnection,
  { target, table, origin, query }: FillRequest,
): Promise<number> {
  const names = [...target.columns.map(({ name }) => name), '_origin', '_extra'].map(ident);
  const values = target.columns.map((column) => `CAST(${ident(column.name)} AS ${duckdbType(column)})`);
  try {
    return await changeRows(
      connection,
      `INSERT INTO ${table} (${names.join(', ')}) SELECT ${[...values, literal(origin), 'NULL'].join(', ')} FROM (${query})`,
    );
  } catch (cause) {
    throw fatal('bad-input', {
      where: `${target.dataset}.${target.name}`,
      what: `the query that fills this table failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      todo: 'mend its SQL file; nothing of it was loaded',
      cause,
    });
  }
}

interface FillRequest {
  readonly target: TableTarget;
  /** Quoted name of the stage's table. */
  readonly table: string;
  readonly origin: string;
  readonly query: string;
}
