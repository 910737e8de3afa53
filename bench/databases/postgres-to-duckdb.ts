import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { startPostgres } from '../../tests/setup/postgres.ts';
import type { Measured } from '../child.ts';
import { runChild } from '../child.ts';
import { folder } from '../compare.ts';
import type { BenchRow } from '../row.ts';
import { benchTable, checksumSql, createBenchRows } from './dataset.ts';
import { copyToFile } from './postgres-to-duckdb/psql.ts';

/** Rows of the table; `--rows` says another number. */
const rows = Number(process.env.BENCH_ROWS ?? 2_000_000);

/** MiB of the whole process, DuckDB with 512 MB included. */
const memoryLimit = 768;

/**
 * A table of 15 mixed columns from PostgreSQL into a DuckDB file: a whole run of the kit, beside `psql \copy` to a file
 * with `read_csv` after it, and beside `psql \copy` to nothing.
 */
export async function benchPostgresToDuckdb(rounds = 3): Promise<BenchRow[]> {
  const server = await startPostgres({ max_wal_size: '8GB', shared_buffers: '256MB' });
  const { host, port, user, password, database } = server;
  const place = { host, port, user, password, database };
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, 'run-'));
  try {
    const sums = new Set([await fill(place)]);
    const ours: Measured[] = [];
    const byHand: Measured[] = [];
    const toNothing: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // All by turns, so that a busy minute of the machine meets all of them.
      for (const side of ['load', 'load-by-hand'] as const) {
        const path = join(own, `${side}.duckdb`);
        const input = { ...place, path, csv: join(own, 'rows.csv') };
        const measured = await runChild(join(import.meta.dirname, 'postgres-to-duckdb', `${side}.ts`), input);
        (side === 'load' ? ours : byHand).push(measured);
        sums.add(await checksum(path, side === 'load' ? 'loaded.rows' : 'rows'));
        for (const file of [path, input.csv]) await rm(file, { force: true });
      }
      toNothing.push(await copyToFile(place, '/dev/null'));
    }
    const checked = { rows, checksum: sums.size === 1 ? 'equal' : 'differs' } as const;
    const [own_, hand, nothing] = [
      median(ours.map(({ seconds }) => seconds)),
      median(byHand.map(({ seconds }) => seconds)),
      median(toNothing),
    ];
    const peak = median(ours.map(({ peakMegabytes }) => peakMegabytes));
    return [
      line('PostgreSQL to DuckDB', own_, hand, { ...checked, bar: 1 }),
      // 0.85 of its rate.
      line('... beside psql to nothing', own_, nothing, { ...checked, bar: 1 / 0.85 }),
      {
        path: '... memory',
        ours: peak,
        floor: memoryLimit,
        unit: 'MiB',
        ratio: peak / memoryLimit,
        ...checked,
        bar: 1,
        note: 'the floor is the limit that the kit sets itself, whatever the size of the table',
      },
    ];
  } finally {
    await server.stop();
    await rm(own, { recursive: true, force: true });
  }
}

/** Makes the table and says its checksum. */
async function fill(place: pg.ClientConfig): Promise<string> {
  const client = new pg.Client(place);
  await client.connect();
  try {
    await createBenchRows(client, rows);
    const { rows: found } = await client.query({
      text: checksumSql('postgres', benchTable),
      rowMode: 'array',
    });
    return String(found[0]);
  } finally {
    await client.end();
  }
}

async function checksum(path: string, table: string): Promise<string> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const [row] = (await connection.runAndReadAll(checksumSql('duckdb', table))).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return String(row);
}

function line(
  path: string,
  ours: number,
  floor: number,
  rest: Pick<BenchRow, 'rows' | 'checksum' | 'bar'>,
): BenchRow {
  return { path, ours: rows / ours, floor: rows / floor, unit: 'rows/s', ratio: ours / floor, ...rest };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
