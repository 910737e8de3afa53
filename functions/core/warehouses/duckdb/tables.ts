import type { DuckDBConnection } from '@duckdb/node-api';
import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import { rowsOf } from './database.ts';
import { ident } from './files/quote.ts';
import { allColumns, columnDefinitions, duckdbType, isSameType } from './types.ts';

export function tableName(target: Pick<TableTarget, 'dataset' | 'name'>): string {
  return `${ident(target.dataset)}.${ident(target.name)}`;
}

/**
 * Creates a table, or adds the NULLABLE columns that its schema file gained. No primary key: with one, DuckDB merges a
 * million rows ten times slower, and the write modes keep keys unique by themselves.
 *
 * @throws fatal `bad-schema` when a column exists with another type, or a gained column is REQUIRED
 */
export async function prepareTable(connection: DuckDBConnection, target: TableTarget): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${ident(target.dataset)}`);
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${tableName(target)} (${columnDefinitions(target.columns)})`,
  );
  const existing = await existingColumns(connection, target);
  for (const column of allColumns(target.columns)) {
    const wanted = duckdbType(column);
    const found = existing.get(column.name.toLowerCase());
    const where = `${target.dataset}.${target.name}`;
    if (found === undefined) {
      if (column.mode === 'REQUIRED')
        throw fatal('bad-schema', {
          where,
          what: `the table exists without the REQUIRED column "${column.name}"`,
          todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
        });
      await connection.run(`ALTER TABLE ${tableName(target)} ADD COLUMN ${ident(column.name)} ${wanted}`);
    } else if (!isSameType(found, wanted))
      throw fatal('bad-schema', {
        where,
        what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
        got: found,
        allowed: wanted,
        todo: 'change the schema file back, or alter the column by hand',
      });
  }
}

async function existingColumns(
  connection: DuckDBConnection,
  target: TableTarget,
): Promise<Map<string, string>> {
  const rows = await rowsOf(
    connection,
    `SELECT lower(column_name), data_type FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2`,
    [target.dataset, target.name],
  );
  return new Map(rows.map(([name, type]) => [String(name), String(type)]));
}
