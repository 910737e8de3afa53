import type { PostgresType } from '../../core/postgres/map-type.ts';
import { mapPostgresType } from '../../core/postgres/map-type.ts';
import type { SourceColumn } from '../columns.ts';
import { parseTableName } from '../names.ts';
import type { DatabaseOptions } from '../source.ts';
import { quoteName } from './cells.ts';
import type { PostgresConnection } from './connect.ts';

export interface PostgresColumn extends SourceColumn {
  readonly found: PostgresType;
}

/** What is read: a table, a view, or the answer of a query. */
export interface Relation {
  /** What stands behind FROM. */
  readonly sql: string;
  readonly columns: readonly PostgresColumn[];
  /** The server's own estimate; undefined for queries, views, and tables that were never analysed. */
  readonly rows: number | undefined;
  /** Tables that hold its rows and can be read by ranges of pages: itself, or its partitions. */
  readonly heaps: readonly Heap[];
}

export interface Heap {
  readonly sql: string;
  readonly pages: number;
}

/** Ranges of row addresses are a fast scan since PostgreSQL 14; before, each would read the whole table. */
const firstWithRanges = 140_000;

/** @param table the table's name in the stack file, for errors */
export async function findRelation(
  connection: PostgresConnection,
  options: DatabaseOptions,
  table: string,
): Promise<Relation> {
  const { from, query } = options;
  const sql =
    from === undefined
      ? `(${(query ?? '').replace(/[;\s]+$/, '')}\n) AS q`
      : parseTableName(from, '"', 2, table).map(quoteName).join('.');
  const columns = await columnsOf(connection, sql);
  if (from === undefined) return { sql, columns, rows: undefined, heaps: [] };
  return { sql, columns, ...(await factsOf(connection, sql)) };
}

async function columnsOf(connection: PostgresConnection, sql: string): Promise<PostgresColumn[]> {
  const fields = await connection.fields(`SELECT * FROM ${sql} LIMIT 0`);
  const types = await connection.rows(
    `SELECT t.typname, pg_catalog.format_type(m.id, m.modifier), t.typtype, e.typname, e.typtype
     FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS m (id, modifier, position)
     JOIN pg_catalog.pg_type t ON t.oid = m.id
     LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' ORDER BY position`,
    [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
  );
  return fields.map(({ name }, index) => {
    const [type, fullType, kind, element, elementKind] = types[index] ?? [];
    const found: PostgresType = {
      name: type ?? 'unknown',
      fullType: fullType ?? 'unknown',
      kind: kind ?? 'b',
      // Not known here: what matters to a list is that it is one.
      dimensions: 0,
      element: element ? { name: element, kind: elementKind ?? 'b' } : undefined,
    };
    return { name, type: found.name, fullType: found.fullType, found, mapped: mapPostgresType(found) };
  });
}

async function factsOf(
  connection: PostgresConnection,
  sql: string,
): Promise<Pick<Relation, 'rows' | 'heaps'>> {
  const [[kind, tuples, pages, hasChildren, version] = []] = await connection.rows(
    `SELECT relkind, reltuples::bigint, pg_relation_size(oid) / current_setting('block_size')::int,
       relhassubclass, current_setting('server_version_num')
     FROM pg_catalog.pg_class WHERE oid = $1::regclass`,
    [sql],
  );
  const rows = Number(tuples) >= 0 && kind !== 'v' ? Number(tuples) : undefined;
  if (Number(version) < firstWithRanges) return { rows, heaps: [] };
  if (kind === 'p') return { rows, heaps: await partitionsOf(connection, sql) };
  const isOneHeap = (kind === 'r' || kind === 'm') && hasChildren !== 't';
  return { rows, heaps: isOneHeap ? [{ sql, pages: Number(pages) }] : [] };
}

/** The partitions, if this user may read them one by one; none when the rights are on the whole table only. */
async function partitionsOf(connection: PostgresConnection, sql: string): Promise<Heap[]> {
  const leaves = await connection.rows(
    `SELECT n.nspname, c.relname, pg_relation_size(c.oid) / current_setting('block_size')::int,
       c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
     FROM pg_partition_tree($1::regclass) t
     JOIN pg_catalog.pg_class c ON c.oid = t.relid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE t.isleaf AND c.relkind <> 'p' ORDER BY 1, 2`,
    [sql],
  );
  if (leaves.some(([, , , isReadable]) => isReadable !== 't')) return [];
  return leaves.map(([schema, name, pages]) => ({
    sql: `${quoteName(schema ?? '')}.${quoteName(name ?? '')}`,
    pages: Number(pages),
  }));
}
