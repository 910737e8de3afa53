import type { Client } from 'pg';
import type { SourceType } from './cells.ts';

/** A table of the source, as its catalog describes it now. */
export interface CatalogTable {
  readonly oid: number;
  /** r: table, p: partitioned table; see `relkind`. */
  readonly kind: string;
  /** d: primary key, n: nothing, f: the whole row, i: an index. */
  readonly identity: string;
  /** Columns of the replica identity; all for `f`, none for `n`. */
  readonly identityColumns: readonly string[];
  readonly columns: readonly CatalogColumn[];
  /** OIDs of partitions whose identity differs from the root's, or that have none. */
  readonly mayRead: boolean;
  readonly isLogged: boolean;
}

export interface CatalogColumn {
  readonly name: string;
  /** Of a domain, the type it is made of. */
  readonly type: SourceType;
  readonly isGenerated: boolean;
}

/**
 * SQL of the type that a domain is made of, through domains of domains: its `oid`, and the innermost domain's `typmod` and
 * `dims`. Of any other type its own `oid`, and NULL.
 *
 * @param type SQL of a type's OID
 */
export function madeOfSql(type: string): string {
  return `(WITH RECURSIVE made (oid, base, typmod, dims) AS (
      SELECT d.oid, d.typbasetype, NULL::int, NULL::int FROM pg_type d WHERE d.oid = ${type}
      UNION ALL SELECT d.oid, d.typbasetype, o.typtypmod, o.typndims
        FROM made JOIN pg_type o ON o.oid = made.oid JOIN pg_type d ON d.oid = made.base)
    SELECT made.oid, made.typmod, made.dims FROM made WHERE made.base = 0)`;
}

/** OID of the items of the array type `t`, 0 of any other type. */
const itemsSql = `CASE WHEN t.typcategory = 'A' AND t.typelem <> 0
  THEN (SELECT item.oid FROM ${madeOfSql('t.typelem')} item)::int8 ELSE 0 END`;

const tableSql = `
SELECT c.oid::int8::text AS oid, c.relkind AS kind, c.relreplident AS identity, c.relpersistence = 'p' AS "isLogged",
  has_table_privilege(c.oid, 'SELECT') AS "mayRead",
  ARRAY(
    SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (
      c.relreplident = 'f' OR a.attnum = ANY (
        SELECT unnest(i.indkey::int2[]) FROM pg_index i
        WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
      ))
    ORDER BY a.attnum) AS "identityColumns",
  (SELECT json_agg(json_build_object(
      'name', a.attname, 'oid', t.oid::int8, 'isGenerated', a.attgenerated <> '',
      'items', ${itemsSql}) ORDER BY a.attnum)
    FROM pg_attribute a CROSS JOIN LATERAL ${madeOfSql('a.atttypid')} made JOIN pg_type t ON t.oid = made.oid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`;

/** @param from `schema.table` */
export async function readTable(client: Client, from: string): Promise<CatalogTable | undefined> {
  const [schema, name] = splitName(from);
  const { rows } = await client.query(tableSql, [schema, name]);
  const [row] = rows as [
    (Omit<CatalogTable, 'oid' | 'columns'> & { oid: string; columns: RawColumn[] | null })?,
  ];
  if (row === undefined) return undefined;
  const columns = (row.columns ?? []).map(({ name: column, oid, items, isGenerated }) => ({
    name: column,
    isGenerated,
    type: { oid, items },
  }));
  return { ...row, oid: Number(row.oid), columns };
}

interface RawColumn {
  readonly name: string;
  readonly oid: number;
  readonly items: number;
  readonly isGenerated: boolean;
}

/** The two parts of `schema.table`. */
export function splitName(from: string): readonly [schema: string, name: string] {
  const dot = from.indexOf('.');
  return [from.slice(0, dot), from.slice(dot + 1)];
}

/** The partitioned table at the top of a partition; the table itself if it is none; undefined when it exists no more. */
export async function rootOf(client: Client, oid: number): Promise<number | undefined> {
  const { rows } = await client.query(
    'SELECT coalesce(pg_partition_root($1::oid)::oid, c.oid)::int8::text AS root FROM pg_class c WHERE c.oid = $1::oid',
    [oid],
  );
  const [row] = rows as [{ root: string }?];
  return row === undefined ? undefined : Number(row.root);
}

/** The partitions that hold rows, at any depth. */
export async function leavesOf(client: Client, oid: number): Promise<readonly number[]> {
  const { rows } = await client.query(
    'SELECT relid::oid::int8::text AS leaf FROM pg_partition_tree($1::oid) WHERE isleaf',
    [oid],
  );
  return (rows as { leaf: string }[]).map(({ leaf }) => Number(leaf));
}

/** Types by OID, domains as the types they are made of. One that exists no more is missing. */
export async function readTypes(
  client: Client,
  oids: readonly number[],
): Promise<ReadonlyMap<number, SourceType>> {
  const { rows } = await client.query(
    `SELECT named.oid::int8::text AS named, t.oid::int8::text AS oid, (${itemsSql})::text AS items
     FROM unnest($1::oid[]) AS named (oid) CROSS JOIN LATERAL ${madeOfSql('named.oid')} made JOIN pg_type t ON t.oid = made.oid`,
    [oids],
  );
  return new Map(
    (rows as { named: string; oid: string; items: string }[]).map(({ named, oid, items }) => [
      Number(named),
      { oid: Number(oid), items: Number(items) },
    ]),
  );
}
