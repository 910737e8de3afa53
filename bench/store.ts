import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBucket } from '../functions/files/sandbox/bucket.ts';
import { startS3Server } from '../functions/files/sandbox/s3-server.ts';
import { compare, folder } from './compare.ts';
import { makeFiles } from './files.ts';
import type { BenchRow } from './row.ts';

const keys = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench/bench' };
const region = 'eu-central-1';

/** `FILE` stands for the copy. */
const shapes = [
  { format: 'parquet', name: 'flights.parquet', typed: `read_parquet('FILE')`, rounds: 5 },
  { format: 'csv', name: 'flights.csv', typed: `read_csv('FILE')`, rounds: 3 },
] as const;

/**
 * 3 million flights from a bucket of S3 to a DuckDB file: a whole run beside curl to a file and the CREATE TABLE AS that a
 * person would type. The store is a stand-in in this process.
 */
export async function benchStore(): Promise<BenchRow[]> {
  await makeFiles();
  const bucket = createBucket(() => new Date());
  for (const { name } of shapes) bucket.put(name, await readFile(join(folder, name)));
  const server = await startS3Server({ bucket, name: 'bench', region, keys });
  const rows: BenchRow[] = [];
  try {
    for (const { rounds, ...shape } of shapes) {
      const {
        seconds,
        rows: count,
        checksum,
      } = await compare({
        ours: { script: 'store/load.ts', table: 'loaded.flights' },
        floor: { script: 'store/load-by-hand.ts', table: 'flights' },
        input: { ...shape, endpoint: server.url, region, keys },
        values: 'date, delay::BIGINT, distance::BIGINT, origin, destination',
        rounds,
      });
      const bar = shape.format === 'parquet' ? { bar: 1.15 } : {};
      rows.push({ path: `${shape.format} of S3`, ...seconds, unit: 's', rows: count, checksum, ...bar });
    }
  } finally {
    await server.close();
  }
  return rows;
}
