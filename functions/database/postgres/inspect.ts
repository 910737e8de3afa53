import type { MappedColumn } from '../../core/describe-columns.ts';
import { describeColumns } from '../../core/describe-columns.ts';
import type { FoundTable, InspectOf, TableDescription } from '../../core/inspect.ts';
import { mapPostgresType } from '../../core/postgres/map-type.ts';
import { isPlainName } from '../names.ts';
import type { DatabaseOptions, source } from '../source.ts';
import { quoteName } from './cells.ts';
import type { PostgresConnection } from './connect.ts';
import { beginSnapshot, connectPostgres } from './connect.ts';
import type { Relation } from './relation.ts';
import { findRelation } from './relation.ts';

export const inspectPostgres: InspectOf<typeof source> = {
  async tables({ settings, secret, signal }) {
    const place = { settings, secret, signal };
    const connection = await connectPostgres(place);
    try {
      await beginSnapshot(connection, place);
      return await listTables(connection);
    } finally {
      connection.close();
    }
  },
  async describe({ settings, secret, signal, options, sample }) {
    const place = { settings, secret, signal, table: options.from ?? 'the query' };
    const connection = await connectPostgres(place);
    try {
      await beginSnapshot(connection, place);
      const relation = await findRelation(connection, options, place.table);
      return await describeRelation(connection, relation, options, sample);
    } finally {
      connection.close();
    }
  },
};

async function listTables(connection: PostgresConnection): Promise<FoundTable<DatabaseOptions>[]> {
  const rows = await connection.rows(
    `SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'), c.reltuples::bigint,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) END
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
       AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%'
       AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1, 2`,
  );
  return rows.map(([schema, table, isView, tuples, bytes]) => {
    const name = [schema ?? '', table ?? '']
      .map((part) => (isPlainName(part) ? part : quoteName(part)))
      .join('.');
    return {
      name,
      kind: isView === 't' ? 'view' : 'table',
      ...(Number(tuples) >= 0 && isView !== 't' ? { rows: Number(tuples) } : {}),
      ...(bytes === null || bytes === undefined ? {} : { bytes: Number(bytes) }),
      options: { from: name, chunkRows: 5_000_000 },
    };
  });
}

async function describeRelation(
  connection: PostgresConnection,
  relation: Relation,
  options: DatabaseOptions,
  sample: number,
): Promise<TableDescription> {
  const all = await mappedColumns(connection, relation, options);
  const key = options.from === undefined ? [] : await primaryKey(connection, relation);
  const { read, ...described } = describeColumns(all, { selected: options.columns, key });
  const cells = read.map(({ name }) => `${quoteName(name)}::text`).join(', ');
  return {
    ...described,
    rows: relation.rows,
    isEstimate: relation.rows !== undefined,
    sample:
      read.length === 0 ? [] : await connection.rows(`SELECT ${cells} FROM ${relation.sql} LIMIT ${sample}`),
  };
}

async function mappedColumns(
  connection: PostgresConnection,
  relation: Relation,
  { from }: DatabaseOptions,
): Promise<MappedColumn[]> {
  const declared = from === undefined ? [] : await declaredColumns(connection, relation);
  return relation.columns.map(({ name, fullType, found }) => {
    const facts = declared.find(([column]) => column === name);
    return {
      name,
      fullType,
      isRequired: facts?.[1] === 't',
      comment: facts?.[3] ?? undefined,
      mapped: mapPostgresType({ ...found, dimensions: Number(facts?.[2] ?? 0) }),
    };
  });
}

function declaredColumns(connection: PostgresConnection, { sql }: Relation) {
  return connection.rows(
    `SELECT attname, attnotnull, attndims, col_description(attrelid, attnum) FROM pg_catalog.pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [sql],
  );
}

async function primaryKey(connection: PostgresConnection, { sql }: Relation): Promise<string[]> {
  const rows = await connection.rows(
    `SELECT a.attname FROM pg_catalog.pg_index i
     CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY k.position`,
    [sql],
  );
  return rows.flatMap(([name]) => (name === null || name === undefined ? [] : [name]));
}
