import type pg from 'pg';
import type { Column } from '../../functions/core/schema.ts';

/** The table that all database benchmarks move. */
export const benchTable = 'bench_rows';

const column = (name: string, type: Column['type'], mode: Column['mode'] = 'NULLABLE'): Column => ({
  name,
  type,
  mode,
});

/** Its columns as a schema file has them: 15 of mixed types, about 340 bytes of CSV per row. */
export const benchColumns: readonly Column[] = [
  column('id', 'INTEGER', 'REQUIRED'),
  column('customer_id', 'INTEGER'),
  column('amount', 'NUMERIC'),
  column('ratio', 'FLOAT'),
  column('is_paid', 'BOOLEAN'),
  column('ordered_on', 'DATE'),
  column('opens_at', 'TIME'),
  column('placed_at', 'DATETIME'),
  column('updated_at', 'TIMESTAMP'),
  column('status', 'STRING'),
  column('title', 'STRING'),
  column('notes', 'STRING'),
  column('reference', 'STRING'),
  column('payload', 'JSON'),
  column('digest', 'BYTES'),
];

const definitions = `
  id bigint PRIMARY KEY, customer_id integer, amount numeric(12,2), ratio double precision, is_paid boolean,
  ordered_on date, opens_at time, placed_at timestamp, updated_at timestamptz, status text, title text, notes text,
  reference uuid, payload jsonb, digest bytea`;

/**
 * Every value is a function of `i`, so all machines make the same rows. Texts hold several scripts, quotes, tabs, line
 * ends, backslashes, what looks like a NULL marker, empty texts and NULLs.
 */
const values = `
  i,
  (i * 7919) % 100000,
  CASE WHEN i % 29 = 0 THEN NULL ELSE ((i * 48271) % 10000000)::numeric / 100 - 20000 END,
  ((i * 16807) % 2147483647)::double precision / 65537,
  CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END,
  date '2020-01-01' + (i % 2000)::int,
  time '00:00:00' + (i % 86400) * interval '1 second' + (i % 7) * interval '1 microsecond',
  timestamp '2024-01-01 00:00:00' + i * interval '1.000123 second',
  timestamptz '2025-01-01 00:00:00+00' + i * interval '0.250001 second',
  (ARRAY['new', 'paid', 'sent', 'returned', 'lost'])[1 + i % 5],
  (ARRAY['Läufer', 'ランプ', 'Table, oak', 'chaise « bleue »', 'شمعة'])[1 + i % 5] || ' ' || left(md5(i::text), (i % 32)::int),
  CASE
    WHEN i % 11 = 0 THEN NULL
    WHEN i % 13 = 0 THEN ''
    WHEN i % 997 = 0 THEN E'first line\\nsecond "line"\\twith a tab, a \\\\ and 🛰'
    WHEN i % 1009 = 0 THEN '\\N'
    ELSE repeat(md5((i * 3)::text) || ' ', 1 + (i % 3)::int) || 'said "yes", then left'
  END,
  md5((i * 5)::text)::uuid,
  jsonb_build_object('n', i, 'tags', jsonb_build_array('a' || i % 10, 'b'), 'nested', jsonb_build_object('ok', i % 2 = 0)),
  decode(md5((i * 11)::text), 'hex')`;

/** Creates `bench_rows` anew with `rows` rows, in ids from 1 on. */
export async function createBenchRows(client: pg.ClientBase, rows: number): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${benchTable}`);
  await client.query(`CREATE UNLOGGED TABLE ${benchTable} (${definitions})`);
  await client.query(`SET timezone = 'UTC'`);
  await client.query(
    `INSERT INTO ${benchTable} SELECT ${values} FROM generate_series(1::bigint, ${rows}) AS i`,
  );
  // Else the first reader pays for marking every row as committed.
  await client.query(`VACUUM (ANALYZE) ${benchTable}`);
}

/** A SELECT of the table in the types that `pgcopy` streams have (see `ByteStream`). */
export const benchSelect = `SELECT id, customer_id::int8, amount, ratio, is_paid, ordered_on, opens_at, placed_at,
  updated_at, status, title, notes, reference::text, payload, digest FROM ${benchTable}`;

export type Dialect = 'postgres' | 'duckdb' | 'clickhouse' | 'bigquery' | 'sqlite' | 'mariadb';

/** What differs between the dialects: characters of a text, 32 bits of its MD5 as a number, microseconds since 1970. */
interface Words {
  readonly real: (value: string) => string;
  readonly long: (value: string) => string;
  readonly characters: (text: string) => string;
  readonly hash?: (text: string) => string;
  readonly micros?: (moment: string) => string;
}

const cast = (type: string) => (value: string) => `CAST(${value} AS ${type})`;

const words: Readonly<Record<Dialect, Words>> = {
  postgres: {
    real: cast('double precision'),
    long: cast('bigint'),
    characters: (text) => `char_length(${text})`,
    hash: (text) => `('x' || substr(md5(${text}::text), 1, 8))::bit(32)::bigint`,
    micros: (moment) => `(extract(epoch FROM ${moment}) * 1000000)::bigint`,
  },
  duckdb: {
    real: cast('DOUBLE'),
    long: cast('BIGINT'),
    characters: (text) => `length(${text})`,
    hash: (text) => `('0x' || substr(md5(${text}), 1, 8))::BIGINT`,
    micros: (moment) => `epoch_us(${moment})`,
  },
  clickhouse: {
    real: (value) => `toFloat64(${value})`,
    long: (value) => `toInt64(${value})`,
    characters: (text) => `lengthUTF8(${text})`,
    hash: (text) => `reinterpretAsUInt32(reverse(substring(MD5(${text}), 1, 4)))`,
    // Their sum needs more than 64 bits.
    micros: (moment) => `toInt128(toUnixTimestamp64Micro(${moment}))`,
  },
  bigquery: {
    real: cast('FLOAT64'),
    long: cast('INT64'),
    characters: (text) => `CHAR_LENGTH(${text})`,
    hash: (text) => `CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(${text})), 1, 8)) AS INT64)`,
    micros: (moment) => `UNIX_MICROS(${moment})`,
  },
  sqlite: { real: cast('REAL'), long: cast('INTEGER'), characters: (text) => `length(${text})` },
  mariadb: {
    real: cast('DOUBLE'),
    long: cast('SIGNED'),
    characters: (text) => `char_length(${text})`,
    hash: (text) => `CAST(conv(substr(md5(${text}), 1, 8), 16, 10) AS UNSIGNED)`,
    micros: (moment) =>
      `timestampdiff(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', CAST(${moment} AS DATETIME(6)))`,
  },
};

/**
 * One row of whole numbers that is the same on every engine that holds the same rows; compare the cells as text.
 *
 * @param options.hash false leaves out what SQLite has no function for; compare with SQLite that way. @default true
 */
export function checksumSql(dialect: Dialect, table: string, { hash: wanted = true } = {}): string {
  const { real, long, characters, hash, micros } = words[dialect];
  const text = `coalesce(notes, 'NULL')`;
  const parts = [
    'count(*)',
    'sum(id)',
    'sum(customer_id)',
    long(`round(${real('sum(amount)')} * 100)`),
    'count(amount)',
    'count(notes)',
    `sum(CASE WHEN notes = '' THEN 1 ELSE 0 END)`,
    `sum(${characters('title')} + ${characters(text)})`,
    ...(wanted && hash !== undefined && micros !== undefined
      ? [
          `sum(${hash('title')})`,
          `sum(${hash(text)})`,
          `sum(${hash('reference')})`,
          `sum(${micros('updated_at')})`,
        ]
      : []),
  ];
  return `SELECT ${parts.map((part, index) => `${part} AS c${index}`).join(', ')} FROM ${table}`;
}
