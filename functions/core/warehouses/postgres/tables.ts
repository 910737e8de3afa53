import type { ErrorFacts } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import { ident } from '../../files/quote.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Sql } from './database.ts';
import { schemaExists } from './ledger-tables.ts';
import { allColumns, columnDefinitions, list, originDefault, postgresType } from './types.ts';

export function tableName(target: Pick<TableTarget, 'dataset' | 'name'>): string {
  return `${ident(target.dataset)}.${ident(target.name)}`;
}

/** NAMEDATALEN - 1. */
const mostNameBytes = 63;

interface ExistingColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
}

/**
 * Creates a table, or adds the NULLABLE columns that its schema file gained and drops NOT NULL where the file allows NULL
 * now. The order of columns that exist is never changed. A new table that is merged into gets an index on its key, without
 * a constraint: the write modes keep keys unique by themselves, with NULL as a value like any other.
 *
 * @throws fatal `bad-schema` when a column exists with another type, or a gained column is REQUIRED
 */
export async function prepareTable(sql: Sql, target: TableTarget): Promise<void> {
  const { dataset, name } = target;
  refuseLongNames(target);
  // Two runs may prepare the same new table at once.
  await sql.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`catchment ${dataset}.${name}`]);
  if (!(await schemaExists(sql, dataset))) await sql.run(`CREATE SCHEMA IF NOT EXISTS ${ident(dataset)}`);
  const kind = await relationKind(sql, target);
  if (kind === undefined) return createTable(sql, target);
  if (kind !== 'r')
    throw refusal(target, {
      what: 'there is a view, a partitioned table or another object of this name',
      todo: 'rename the table in the stack file, or drop it',
    });
  const existing = await existingColumns(sql, target);
  const wanted = allColumns(target.columns);
  for (const column of wanted) await fitColumn(sql, target, column, existing);
  const names = new Set(wanted.map((column) => column.name));
  const stranger = existing.find(
    (column) => !column.isNullable && !column.hasDefault && !names.has(column.name),
  );
  if (stranger !== undefined)
    throw refusal(target, {
      what: `the table demands a value for its column "${stranger.name}", which schemas/${target.schema}.json lacks`,
      todo: 'add the column to the schema file, or allow NULL in the table',
    });
}

/** PostgreSQL cuts longer names without an error, and two of them may become one. */
function refuseLongNames(target: TableTarget): void {
  const names = [target.dataset, target.name, ...target.columns.map(({ name }) => name)];
  const long = names.find((name) => Buffer.byteLength(name) > mostNameBytes);
  if (long !== undefined)
    throw refusal(target, {
      what: 'a name is longer than PostgreSQL takes',
      got: long,
      allowed: `${mostNameBytes} bytes`,
      todo: 'shorten it; "sourceName" in the schema file keeps a column\'s name in the source',
    });
}

async function createTable(sql: Sql, target: TableTarget): Promise<void> {
  await sql.run(`CREATE TABLE ${tableName(target)} (${columnDefinitions(allColumns(target.columns))})`);
  const isByKey = target.writeMode === 'merge' || target.writeMode === 'replaceWindow';
  if (isByKey && target.key.length > 0)
    await sql.run(`CREATE INDEX ON ${tableName(target)} (${list(target.key.map((name) => ({ name })))})`);
}

async function relationKind(sql: Sql, { dataset, name }: TableTarget): Promise<string | undefined> {
  const [row] = await sql.rows(
    `SELECT c.relkind::text AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2`,
    [dataset, name],
  );
  return row === undefined ? undefined : String(row.kind);
}

async function existingColumns(sql: Sql, { dataset, name }: TableTarget): Promise<readonly ExistingColumn[]> {
  const rows = await sql.rows(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       a.atthasdef OR a.attidentity <> '' AS has_default
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [dataset, name],
  );
  return rows.map((row) => ({
    name: String(row.name),
    type: String(row.type),
    isNullable: row.nullable === true,
    hasDefault: row.has_default === true,
  }));
}

async function fitColumn(
  sql: Sql,
  target: TableTarget,
  column: Column,
  existing: readonly ExistingColumn[],
): Promise<void> {
  const type = postgresType(column);
  const table = tableName(target);
  const found = existing.find(({ name }) => name === column.name);
  if (found === undefined) {
    if (column.mode === 'REQUIRED')
      throw refusal(target, {
        what: `the table exists without the REQUIRED column "${column.name}"`,
        todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
      });
    await sql.run(`ALTER TABLE ${table} ADD COLUMN ${ident(column.name)} ${type}`);
  } else if (found.type !== type) {
    throw refusal(target, {
      what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
      got: found.type,
      allowed: type,
      todo: 'change the schema file back, or alter the column by hand',
    });
  } else if (!found.isNullable && column.mode !== 'REQUIRED') {
    await sql.run(`ALTER TABLE ${table} ALTER COLUMN ${ident(found.name)} DROP NOT NULL`);
  }
  if (column.name === '_origin' && found?.hasDefault !== true)
    await sql.run(`ALTER TABLE ${table} ALTER COLUMN _origin SET DEFAULT ${originDefault}`);
}

function refusal({ dataset, name }: TableTarget, facts: Omit<ErrorFacts, 'kind' | 'code' | 'where'>) {
  return fatal('bad-schema', { where: `${dataset}.${name}`, ...facts });
}
