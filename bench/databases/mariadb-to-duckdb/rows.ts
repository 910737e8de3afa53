import type { Connection } from 'mysql2/promise';
import { benchTable } from '../dataset.ts';

const definitions = `
  id bigint PRIMARY KEY, customer_id int, amount decimal(12,2), ratio double, is_paid tinyint(1), ordered_on date,
  opens_at time(6), placed_at datetime(6), updated_at timestamp(6) NULL, status varchar(20), title varchar(100), notes text,
  reference char(36), payload json, digest varbinary(16)`;

/** The values of `createBenchRows` in MariaDB's words: scripts, quotes, tabs, line ends, NULL markers, empty texts. */
const values = `
  seq,
  (seq * 7919) % 100000,
  IF(seq % 29 = 0, NULL, CAST((seq * 48271) % 10000000 AS decimal(12,2)) / 100 - 20000),
  ((seq * 16807) % 2147483647) / 65537e0,
  CASE seq % 3 WHEN 0 THEN 1 WHEN 1 THEN 0 END,
  '2020-01-01' + INTERVAL seq % 2000 DAY,
  SEC_TO_TIME(seq % 86400) + INTERVAL seq % 7 MICROSECOND,
  '2024-01-01 00:00:00' + INTERVAL seq * 1000123 MICROSECOND,
  '2025-01-01 00:00:00' + INTERVAL seq * 250001 MICROSECOND,
  ELT(1 + seq % 5, 'new', 'paid', 'sent', 'returned', 'lost'),
  CONCAT(ELT(1 + seq % 5, 'Läufer', 'ランプ', 'Table, oak', 'chaise « bleue »', 'شمعة'), ' ', LEFT(MD5(seq), seq % 32)),
  CASE
    WHEN seq % 11 = 0 THEN NULL
    WHEN seq % 13 = 0 THEN ''
    WHEN seq % 997 = 0 THEN 'first line\\nsecond "line"\\twith a tab, a \\\\ and 🛰'
    WHEN seq % 1009 = 0 THEN '\\\\N'
    ELSE CONCAT(REPEAT(CONCAT(MD5(seq * 3), ' '), 1 + seq % 3), 'said "yes", then left')
  END,
  INSERT(INSERT(INSERT(INSERT(MD5(seq * 5), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-'),
  JSON_OBJECT('n', seq, 'tags', JSON_ARRAY(CONCAT('a', seq % 10), 'b'), 'nested', JSON_OBJECT('ok', seq % 2 = 0)),
  UNHEX(MD5(seq * 11))`;

/** Creates `bench_rows` anew with `rows` rows, in ids from 1 on. */
export async function createMariadbRows(connection: Connection, rows: number): Promise<void> {
  await connection.query(`SET time_zone = '+00:00'`);
  await connection.query(`DROP TABLE IF EXISTS ${benchTable}`);
  await connection.query(`CREATE TABLE ${benchTable} (${definitions})`);
  await connection.query(`INSERT INTO ${benchTable} SELECT ${values} FROM seq_1_to_${rows}`);
  await connection.query(`ANALYZE TABLE ${benchTable}`);
}
