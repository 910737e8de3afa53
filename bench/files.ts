import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { FileRef } from '../functions/core/extract.ts';
import { compare, folder, isWanted, root } from './compare.ts';
import type { BenchRow } from './row.ts';

const flights = join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');

interface Shape {
  readonly format: FileRef['format'];
  readonly name: string;
  /** What a person would type after CREATE TABLE x AS FROM. */
  readonly typed: (path: string) => string;
  readonly rounds: number;
  readonly bar?: number;
}

const shapes: readonly Shape[] = [
  {
    format: 'parquet',
    name: 'flights.parquet',
    typed: (path) => `read_parquet('${path}')`,
    rounds: 9,
    bar: 1.15,
  },
  { format: 'csv', name: 'flights.csv', typed: (path) => `read_csv('${path}')`, rounds: 5, bar: 1.15 },
  { format: 'ndjson', name: 'flights.ndjson', typed: (path) => `read_json('${path}')`, rounds: 5, bar: 1.15 },
];

/**
 * 3 million flights from a file to a DuckDB file: a whole run of the pipeline beside the CREATE TABLE AS that a person
 * would type.
 */
export async function benchFiles(): Promise<BenchRow[]> {
  await makeFiles();
  const rows: BenchRow[] = [];
  for (const { format, name, typed, rounds, bar } of shapes) {
    if (!isWanted(`${format} file`)) continue;
    const { seconds, peakMegabytes, ...same } = await compare({
      ours: { script: 'files/load.ts', table: 'loaded.flights' },
      floor: { script: 'files/load-by-hand.ts', table: 'flights' },
      input: { folder, name, format, typed: typed(join(folder, name)) },
      values: 'date, delay::BIGINT, distance::BIGINT, origin, destination',
      rounds,
    });
    const { rows: count, checksum } = same;
    rows.push(
      {
        path: `${format} file`,
        ...seconds,
        unit: 's',
        rows: count,
        checksum,
        ...(bar === undefined ? {} : { bar }),
      },
      { path: `${format} memory`, ...peakMegabytes, unit: 'MiB', rows: count, checksum },
    );
  }
  return rows;
}

/** The flights in each format, written once. */
export async function makeFiles(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const { name, format } of shapes) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    if (format === 'parquet') await copyFile(flights, `${path}.part`);
    else
      await connection.run(
        `COPY (FROM read_parquet('${flights}')) TO '${path}.part' (${format === 'csv' ? 'HEADER' : 'FORMAT json'})`,
      );
    await rename(`${path}.part`, path);
  }
  connection.closeSync();
  instance.closeSync();
}
