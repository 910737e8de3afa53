import type { DuckDBConnection } from '@duckdb/node-api';
import type { ErrorFacts } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import { ident, literal } from '../../files/quote.ts';
import { allColumns, columnDefinitions, duckdbType, isSameType } from '../../files/types.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import { catalog, rowsOf } from './database.ts';

export function tableName(target: Pick<TableTarget, 'dataset' | 'name'>): string {
  return `${ident(target.dataset)}.${ident(target.name)}`;
}

/** A column of a table that exists. */
export interface ExistingColumn {
  readonly name: string;
  /** As DuckDB's catalog spells it. */
  readonly type: string;
  readonly isNullable: boolean;
  /** Its DEFAULT, an SQL expression. */
  readonly fallback: string | null;
}

/**
 * Creates a table, or adds the NULLABLE columns that its schema file gained and drops NOT NULL where the file allows
 * NULL now. The order of columns that exist is never changed. No primary key: with one, DuckDB merges a million rows
 * ten times slower, and the write modes keep keys unique by themselves.
 *
 * @throws fatal `bad-schema` when a column exists with another type, or a gained column is REQUIRED
 */
export async function prepareTable(connection: DuckDBConnection, target: TableTarget): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${ident(target.dataset)}`);
  const existing = await existingColumns(connection, target);
  if (existing.length === 0) {
    await connection
      .run(`CREATE TABLE ${tableName(target)} (${columnDefinitions(target.columns)})`)
      .catch(async (error: unknown) => {
        // One whose own tables are gone has no columns.
        await refuseView(connection, target);
        throw error;
      });
    return;
  }
  await refuseView(connection, target);
  const wanted = allColumns(target.columns);
  for (const column of wanted) await fitColumn(connection, target, column, existing);
  const names = new Set(wanted.map(({ name }) => name.toLowerCase()));
  const stranger = existing.find(
    ({ name, isNullable, fallback }) => !isNullable && fallback === null && !names.has(name.toLowerCase()),
  );
  if (stranger !== undefined)
    throw refusal(target, {
      what: `the table demands a value for its column "${stranger.name}", which schemas/${target.schema}.json lacks`,
      todo: 'add the column to the schema file, or allow NULL in the table',
    });
}

/**
 * The columns of a table in their order; empty when there is none. Asked of the one table, because `duckdb_columns()` binds
 * all views of the system when it is first asked, which takes 10 to 20 ms (1.5.5).
 */
export async function existingColumns(
  connection: DuckDBConnection,
  target: Pick<TableTarget, 'dataset' | 'name'>,
): Promise<readonly ExistingColumn[]> {
  const rows = await rowsOf(
    connection,
    `SELECT name, type, "notnull", dflt_value FROM pragma_table_info(${literal(`${catalog}.${tableName(target)}`)}) ORDER BY cid`,
  ).catch((error: unknown) => {
    // Such an error leaves the transaction as it is.
    if (/^Catalog Error: .* does not exist/.test((error as Error).message)) return [];
    throw error;
  });
  return rows.map(([column, type, isRequired, fallback]) => ({
    name: String(column),
    type: String(type),
    isNullable: isRequired !== true,
    fallback: typeof fallback === 'string' ? fallback : null,
  }));
}

async function fitColumn(
  connection: DuckDBConnection,
  target: TableTarget,
  column: Column,
  existing: readonly ExistingColumn[],
): Promise<void> {
  const type = duckdbType(column);
  const found = existing.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
  if (found === undefined) {
    if (column.mode === 'REQUIRED')
      throw refusal(target, {
        what: `the table exists without the REQUIRED column "${column.name}"`,
        todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
      });
    await connection.run(`ALTER TABLE ${tableName(target)} ADD COLUMN ${ident(column.name)} ${type}`);
  } else if (!isSameType(found.type, type)) {
    throw refusal(target, {
      what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
      got: found.type,
      allowed: type,
      todo: 'change the schema file back, or alter the column by hand',
    });
  } else if (!found.isNullable && column.mode !== 'REQUIRED') {
    await connection.run(`ALTER TABLE ${tableName(target)} ALTER COLUMN ${ident(found.name)} DROP NOT NULL`);
  }
}

async function refuseView(connection: DuckDBConnection, target: TableTarget): Promise<void> {
  const views = await rowsOf(
    connection,
    `SELECT 1 FROM duckdb_views()
     WHERE database_name = current_database() AND lower(schema_name) = lower($1) AND lower(view_name) = lower($2)`,
    [target.dataset, target.name],
  );
  if (views.length > 0)
    throw refusal(target, {
      what: 'there is a view of this name',
      todo: 'rename the table in the stack file, or drop the view',
    });
}

function refusal({ dataset, name }: TableTarget, facts: Omit<ErrorFacts, 'kind' | 'code' | 'where'>) {
  return fatal('bad-schema', { where: `${dataset}.${name}`, ...facts });
}
