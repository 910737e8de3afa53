import type { FieldPacket } from 'mysql2/promise';
import { parseTableName } from '../names.ts';
import type { DatabaseOptions } from '../source.ts';
import type { MysqlColumn } from './cells.ts';
import { quoteName, quoteText } from './cells.ts';
import type { MysqlConnection } from './connect.ts';
import { mapMysqlType } from './types.ts';

/** What is read: a table, a view, or the answer of a query. */
export interface Relation {
  /** What stands behind FROM. */
  readonly sql: string;
  readonly columns: readonly MysqlColumn[];
  /** Schema and name, of a table or view. */
  readonly name: readonly [schema: string, table: string] | undefined;
  /** The server's own estimate; undefined for queries and views. */
  readonly rows: number | undefined;
  /** The first column of the primary key, if it is a whole number: what a table is cut by. */
  readonly cutBy: string | undefined;
  /** Tables only; `InnoDB` and few others can be read as of one point in time. */
  readonly engine: string | undefined;
}

/** @param table the table's name in the stack file, for errors */
export async function findRelation(
  connection: MysqlConnection,
  options: DatabaseOptions,
  { table, database }: { readonly table: string; readonly database: string },
): Promise<Relation> {
  const { from, query } = options;
  if (from === undefined) {
    const sql = `(${(query ?? '').replace(/[;\s]+$/, '')}\n) AS q`;
    const fields = await connection.fields(`SELECT * FROM ${sql} LIMIT 0`);
    const columns = fields.map(columnOfField);
    return { sql, columns, name: undefined, rows: undefined, cutBy: undefined, engine: undefined };
  }
  const parts = parseTableName(from, '`', 2, table);
  const name = parts.at(-1) ?? '';
  const schema = parts.length === 2 ? (parts[0] ?? '') : database;
  const sql = `${quoteName(schema)}.${quoteName(name)}`;
  // Says what is wrong: no such table, or no permission.
  await connection.fields(`SELECT * FROM ${sql} LIMIT 0`);
  const where = `TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(name)}`;
  const columns = await connection.rows(
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COLUMN_KEY FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  );
  const [[rows = null, engine = null] = []] = await connection.rows(
    `SELECT TABLE_ROWS, ENGINE FROM information_schema.TABLES WHERE ${where}`,
  );
  return {
    sql,
    name: [schema, name],
    columns: columns.map(([column, type, fullType]) =>
      columnOf({
        name: column ?? '',
        type: type ?? '',
        fullType: fullType ?? '',
        isFlag: fullType === 'tinyint(1)',
      }),
    ),
    rows: rows === null ? undefined : Number(rows),
    engine: engine ?? undefined,
    cutBy: await firstKeyColumn(connection, where),
  };
}

async function firstKeyColumn(connection: MysqlConnection, where: string): Promise<string | undefined> {
  const [[column = null] = []] = await connection.rows(
    `SELECT c.COLUMN_NAME FROM information_schema.STATISTICS s JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
     WHERE s.INDEX_NAME = 'PRIMARY' AND s.SEQ_IN_INDEX = 1
       AND c.DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint')
       AND ${where.replaceAll('TABLE_', 's.TABLE_')}`,
  );
  return column ?? undefined;
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const typeNames: Readonly<Record<number, string>> = {
  ...{ 0: 'decimal', 1: 'tinyint', 2: 'smallint', 3: 'int', 4: 'float', 5: 'double', 7: 'timestamp' },
  ...{ 8: 'bigint', 9: 'mediumint', 10: 'date', 11: 'time', 12: 'datetime', 13: 'year', 16: 'bit' },
  ...{ 245: 'json', 246: 'decimal', 247: 'enum', 248: 'set', 255: 'geometry' },
};

const binaryCharset = 63;
const unsignedFlag = 32;

/** Of a query's answer, which tells less than the catalog: texts and bytes differ by their character set only. */
function columnOfField(field: FieldPacket): MysqlColumn {
  const {
    name,
    columnType = 253,
    characterSet,
    flags,
    columnLength = 0,
  } = field as FieldPacket & {
    readonly characterSet?: number;
    readonly columnLength?: number;
    readonly flags?: number;
  };
  const known = typeNames[columnType];
  const type = known ?? (characterSet === binaryCharset ? 'varbinary' : 'varchar');
  const isUnsigned = type === 'bigint' && typeof flags === 'number' && (flags & unsignedFlag) !== 0;
  return columnOf({
    name,
    type,
    fullType: isUnsigned ? 'bigint unsigned' : type,
    isFlag: type === 'tinyint' && columnLength === 1,
  });
}

function columnOf(column: Omit<MysqlColumn, 'mapped'>): MysqlColumn {
  const fullType = column.isFlag ? 'tinyint(1)' : column.fullType;
  return { ...column, mapped: mapMysqlType({ name: column.type, fullType, isJson: false }) };
}
