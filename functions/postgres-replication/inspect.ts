import type { Client } from 'pg';
import type { MappedColumn } from '../core/describe-columns.ts';
import { describeColumns } from '../core/describe-columns.ts';
import { fatal } from '../core/errors.ts';
import type { FoundTable, InspectContext, InspectOf, TableDescription } from '../core/inspect.ts';
import { connectPostgres } from '../core/postgres/connect.ts';
import { codeOf, isGone, postgresError } from '../core/postgres/error.ts';
import { mapPostgresType } from '../core/postgres/map-type.ts';
import { madeOfSql, readTable } from './catalog.ts';
import { quoteName } from './cells.ts';
import { quoteTable } from './publication.ts';
import type { ReplicatedOptions, source } from './source.ts';

type Context = InspectContext<typeof source>;

/** What may be replicated: tables that PostgreSQL logs and the role may read; of a partitioned table the root. */
export function listTables(context: Context): ReturnType<InspectOf<typeof source>['tables']> {
  return withClient(context, async (client) => {
    const { rows } = await client.query(
      `SELECT n.nspname || '.' || c.relname AS name, c.reltuples::float8 AS tuples,
         CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid)::float8 END AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
         AND n.nspname NOT IN ('information_schema', 'pg_catalog') AND n.nspname NOT LIKE 'pg\\_%'
         AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
         AND strpos(n.nspname, '.') = 0 AND strpos(c.relname, '.') = 0
       ORDER BY 1`,
    );
    return (rows as { name: string; tuples: number; bytes: number | null }[]).map(
      ({ name, tuples, bytes }): FoundTable<ReplicatedOptions> => ({
        name,
        kind: 'table',
        ...(tuples >= 0 ? { rows: tuples } : {}),
        ...(bytes === null ? {} : { bytes }),
        options: { from: name, without: [] },
      }),
    );
  });
}

export function describeTable(
  context: Context & { readonly options: ReplicatedOptions; readonly sample: number },
): Promise<TableDescription> {
  const { options, sample } = context;
  return withClient(context, async (client) => {
    const table = await readTable(client, options.from);
    if (table === undefined)
      throw fatal('bad-input', {
        what: `there is no table ${options.from}`,
        todo: 'see which there are with catchment peek',
      });
    const all = await readColumns(client, options);
    const left = all.filter(({ name }) => !options.without.includes(name));
    const isWhole = table.identity === 'f';
    const key = isWhole ? await primaryKey(client, options) : table.identityColumns;
    const described = describeColumns(
      left.filter(({ isGenerated }) => !isGenerated),
      { selected: undefined, key },
    );
    const { read, columns, warnings } = described;
    const names = read.map(({ name }) => `${quoteName(name)}::text`).join(', ');
    const { rows } = await client.query<string[]>({
      text: `SELECT ${names} FROM ${quoteTable(options.from)} LIMIT ${sample}`,
      rowMode: 'array',
    });
    const { rows: facts } = await client.query(
      `SELECT reltuples::float8 AS tuples FROM pg_class WHERE oid = $1`,
      [table.oid],
    );
    const [{ tuples }] = facts as [{ tuples: number }];
    const { deletedAt } = options;
    return {
      columns: deletedAt === undefined ? columns : [...columns, markOf(deletedAt)],
      key: described.key,
      ...(tuples >= 0 ? { rows: tuples, isEstimate: true } : {}),
      sample: rows.map((row) => (deletedAt === undefined ? row : [...row, null])),
      warnings: [
        ...warnings,
        ...left
          .filter(({ isGenerated }) => isGenerated)
          .map(({ name }) => `${name} is generated, and PostgreSQL does not replicate it: it is left out`),
        ...identityWarning(options, table.identity, key),
      ],
    };
  });
}

/** The column that soft deletes are marked in, which the source does not have. */
function markOf(name: string): TableDescription['columns'][number] {
  return { column: { name, type: 'TIMESTAMP', mode: 'NULLABLE' }, sourceType: 'when it was deleted there' };
}

function identityWarning({ from }: ReplicatedOptions, identity: string, key: readonly string[]): string[] {
  if (key.length > 0) return [];
  if (identity === 'f') return [`${from} has no primary key: name in key what tells its rows apart`];
  return [
    `${from} has no replica identity, so nobody could tell which row was changed: give it a primary key, or ALTER TABLE ${quoteTable(from)} REPLICA IDENTITY FULL;`,
  ];
}

/** Of a domain, the type it is made of: the innermost domain says its precision and its dimensions. */
const columnsSql = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS "fullType", a.attnotnull AS "isRequired",
  a.attgenerated <> '' AS "isGenerated", coalesce(made.dims, a.attndims) AS dimensions,
  col_description(a.attrelid, a.attnum) AS comment, t.typname AS type, t.typtype AS kind,
  e.typname AS element, e.typtype AS "elementKind",
  CASE WHEN made.typmod IS NOT NULL THEN format_type(made.oid, made.typmod) END AS "baseType"
FROM pg_attribute a CROSS JOIN LATERAL ${madeOfSql('a.atttypid')} made JOIN pg_type t ON t.oid = made.oid
  LEFT JOIN LATERAL ${madeOfSql('t.typelem')} item ON t.typcategory = 'A'
  LEFT JOIN pg_type e ON e.oid = item.oid
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

interface RawColumn extends Pick<MappedColumn, 'name' | 'fullType' | 'isRequired'> {
  readonly isGenerated: boolean;
  readonly dimensions: number;
  readonly comment: string | null;
  readonly type: string;
  readonly kind: string;
  readonly element: string | null;
  readonly elementKind: string | null;
  readonly baseType: string | null;
}

async function readColumns(
  client: Client,
  { from }: ReplicatedOptions,
): Promise<(MappedColumn & { readonly isGenerated: boolean })[]> {
  const { rows } = await client.query(columnsSql, [quoteTable(from)]);
  return (rows as RawColumn[]).map(({ name, fullType, isRequired, isGenerated, comment, ...type }) => ({
    ...{ name, fullType, isRequired, isGenerated, comment: comment ?? undefined },
    mapped: mapPostgresType({
      ...{
        name: type.type,
        kind: type.kind,
        fullType: type.baseType ?? fullType,
        dimensions: type.dimensions,
      },
      element: type.element === null ? undefined : { name: type.element, kind: type.elementKind ?? 'b' },
    }),
  }));
}

async function primaryKey(client: Client, { from }: ReplicatedOptions): Promise<readonly string[]> {
  const { rows } = await client.query(
    `SELECT a.attname AS name FROM pg_index i
     CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY k.position`,
    [quoteTable(from)],
  );
  return (rows as { name: string }[]).map(({ name }) => name);
}

async function withClient<T>(
  { settings, secret, signal }: Context,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const where = `${settings.host}:${settings.port}/${settings.database}`;
  const client = await connectPostgres({ where, address: settings, login: secret });
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off');
    return await work(client);
  } catch (error) {
    if (codeOf(error) === undefined && !isGone(error)) throw error;
    throw postgresError(error, { where, what: 'the source cannot be looked at' });
  } finally {
    await client.end().catch(() => undefined);
  }
}
