import type { MappedColumn } from '../../core/describe-columns.ts';
import { describeColumns } from '../../core/describe-columns.ts';
import type { FoundTable, InspectOf, TableDescription } from '../../core/inspect.ts';
import { isPlainName } from '../names.ts';
import type { DatabaseOptions, source } from '../source.ts';
import { quoteName, quoteText } from './cells.ts';
import type { MysqlConnection } from './connect.ts';
import { connectMysql } from './connect.ts';
import type { Relation } from './relation.ts';
import { findRelation } from './relation.ts';
import { mapMysqlType } from './types.ts';

export const inspectMysql: InspectOf<typeof source> = {
  async tables({ settings, secret, signal }) {
    const connection = await connectMysql({ settings, secret, signal });
    try {
      return await listTables(connection);
    } finally {
      connection.close();
    }
  },
  async describe({ settings, secret, signal, options, sample }) {
    const table = options.from ?? 'the query';
    const connection = await connectMysql({ settings, secret, signal, table });
    try {
      const relation = await findRelation(connection, options, { table, database: settings.database ?? '' });
      return await describeRelation(connection, relation, options, sample);
    } finally {
      connection.close();
    }
  },
};

async function listTables(connection: MysqlConnection): Promise<FoundTable<DatabaseOptions>[]> {
  const rows = await connection.rows(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE LIKE '%VIEW', TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES
     WHERE TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1, 2`,
  );
  return rows.map(([schema, table, isView, count, bytes]) => {
    const name = [schema ?? '', table ?? '']
      .map((part) => (isPlainName(part) ? part : quoteName(part)))
      .join('.');
    return {
      name,
      kind: isView === '1' ? 'view' : 'table',
      ...(count === null || count === undefined ? {} : { rows: Number(count) }),
      ...(bytes === null || bytes === undefined ? {} : { bytes: Number(bytes) }),
      options: { from: name, chunkRows: 5_000_000 },
    };
  });
}

async function describeRelation(
  connection: MysqlConnection,
  relation: Relation,
  options: DatabaseOptions,
  sample: number,
): Promise<TableDescription> {
  const { all, key } = await mappedColumns(connection, relation);
  const { read, ...described } = describeColumns(all, { selected: options.columns, key });
  const cells = read.map(({ name, mapped }) =>
    mapped.type === 'BYTES' ? `hex(${quoteName(name)})` : quoteName(name),
  );
  return {
    ...described,
    rows: relation.rows,
    isEstimate: relation.rows !== undefined,
    sample:
      cells.length === 0
        ? []
        : await connection.rows(`SELECT ${cells.join(', ')} FROM ${relation.sql} LIMIT ${sample}`),
  };
}

async function mappedColumns(
  connection: MysqlConnection,
  { columns, name }: Relation,
): Promise<{ all: MappedColumn[]; key: string[] }> {
  const where =
    name === undefined
      ? 'FALSE'
      : `TABLE_SCHEMA = ${quoteText(name[0])} AND TABLE_NAME = ${quoteText(name[1])}`;
  const facts = await connection.rows(
    `SELECT COLUMN_NAME, IS_NULLABLE, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE ${where}`,
  );
  const key = await connection.rows(
    `SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE ${where} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
  );
  const jsonNames = name === undefined ? [] : await jsonColumns(connection, name);
  const all = columns.map((column): MappedColumn => {
    const [, isNullable, comment] = facts.find(([each]) => each === column.name) ?? [];
    const fullType = column.isFlag ? 'tinyint(1)' : column.fullType;
    return {
      name: column.name,
      fullType: column.fullType,
      isRequired: isNullable === 'NO',
      comment: comment ?? undefined,
      mapped: mapMysqlType({ name: column.type, fullType, isJson: jsonNames.includes(column.name) }),
    };
  });
  return { all, key: key.flatMap(([each]) => (each === null || each === undefined ? [] : [each])) };
}

/** MariaDB's JSON is `longtext CHECK (json_valid(...))`. MySQL has the type, and no such table. */
async function jsonColumns(
  connection: MysqlConnection,
  [schema, table]: readonly [string, string],
): Promise<string[]> {
  const [[version = ''] = []] = await connection.rows('SELECT version()');
  if (version?.includes('MariaDB') !== true) return [];
  const checks = await connection.rows(
    `SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)}`,
  );
  return checks.flatMap(([clause]) => {
    const [, name] = /^json_valid\(`((?:[^`]|``)+)`\)$/i.exec(clause ?? '') ?? [];
    return name === undefined ? [] : [name.replaceAll('``', '`')];
  });
}
