import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { FileRef } from '../../functions/core/extract.ts';
import type { Column } from '../../functions/core/schema.ts';
import { folder } from '../compare.ts';
import { benchColumns } from '../databases/dataset.ts';

/** The 15 columns of the database benchmarks, with the bytes as text: files have none. About 330 bytes of CSV per row. */
export const orderColumns: readonly Column[] = benchColumns.map((column) =>
  column.type === 'BYTES' ? { ...column, type: 'STRING' } : column,
);

/**
 * Every value is a function of `i`, so all machines make the same rows. Texts hold several scripts, quotes, tabs, line
 * ends, backslashes, empty texts and NULLs.
 */
const values = `
  i AS id,
  (i * 7919) % 100000 AS customer_id,
  CASE WHEN i % 29 = 0 THEN NULL ELSE ((i * 48271) % 10000000)::decimal(12,2) / 100 - 20000 END::decimal(12,2) AS amount,
  ((i * 16807) % 2147483647)::double / 65537 AS ratio,
  CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END AS is_paid,
  date '2020-01-01' + (i % 2000)::int AS ordered_on,
  (timestamp '2024-01-01 00:00:00' + to_seconds(i % 86400) + to_microseconds(i % 7))::time AS opens_at,
  timestamp '2024-01-01 00:00:00' + to_microseconds(i * 1000123) AS placed_at,
  timestamptz '2025-01-01 00:00:00+00' + to_microseconds(i * 250001) AS updated_at,
  ['new', 'paid', 'sent', 'returned', 'lost'][1 + i % 5] AS status,
  ['Läufer', 'ランプ', 'Table, oak', 'chaise « bleue »', 'شمعة'][1 + i % 5] || ' ' || left(md5(i::text), (i % 32)::int) AS title,
  CASE
    WHEN i % 11 = 0 THEN NULL
    WHEN i % 13 = 0 THEN ''
    WHEN i % 997 = 0 THEN e'first line\\nsecond "line"\\twith a tab, a \\\\ and 🛰'
    ELSE repeat(md5((i * 3)::text) || ' ', 1 + (i % 3)::int) || 'said "yes", then left'
  END AS notes,
  md5((i * 5)::text) AS reference,
  json_object('n', i, 'tags', json_array('a' || i % 10, 'b'), 'nested', json_object('ok', i % 2 = 0)) AS payload,
  md5((i * 11)::text) AS digest`;

/** The same rows in each format, written once. Returns their names in the folder of the benchmark. */
export async function makeOrders(rows: number): Promise<(format: FileRef['format']) => string> {
  const nameOf = (format: FileRef['format']) => `orders-${rows}.${format}`;
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '2GB' });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  const written = {
    csv: 'FORMAT csv, HEADER',
    // Moments as most programs write them in JSON: without the zone that DuckDB would add.
    ndjson: `FORMAT json, TIMESTAMPFORMAT '%Y-%m-%d %H:%M:%S.%f'`,
    parquet: 'FORMAT parquet',
  } as const;
  for (const format of ['csv', 'ndjson', 'parquet'] as const) {
    const path = join(folder, nameOf(format));
    if (existsSync(path)) continue;
    const select = `SELECT ${values} FROM range(1, ${rows + 1}) AS r(i)`;
    await connection.run(`COPY (${select}) TO '${path}.part' (${written[format]})`);
    await rename(`${path}.part`, path);
  }
  connection.closeSync();
  instance.closeSync();
  return nameOf;
}
