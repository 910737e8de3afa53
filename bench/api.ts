import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ApiLoad } from './api/load-by-hand.ts';
import { checksumOf } from './api/report-sql.ts';
import { type Measured, runChild } from './child.ts';
import type { BenchRow } from './row.ts';

const here = join(import.meta.dirname, 'api');
const advertiserIds = ['7000000000000000001', '7000000000000000002'];

/**
 * Thirteen months of TikTok reports from loopback into a DuckDB file: a whole run of the pipeline, and the same pages
 * fetched by node:http and inserted by one SQL statement each. By turns, each in a process of its own and into a new
 * file; the fastest of `rounds` counts.
 */
export async function benchApi(rounds = 3): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-bench-api-'));
  const server = fork(join(here, 'pages.ts'));
  try {
    const baseUrl = `http://127.0.0.1:${await portOf(server)}/open_api/v1.3/`;
    let count = 0;
    const load = async (script: string, table: string): Promise<Loaded> => {
      count += 1;
      const path = join(folder, `${count}.duckdb`);
      const input: ApiLoad = { baseUrl, path, advertiserIds };
      const measured = await runChild(join(here, script), input);
      const loaded = { ...measured, ...(await check(path, table)) };
      await rm(path);
      return loaded;
    };
    // The first run makes the sandbox render its pages, which is not what is compared.
    await load('load.ts', 'loaded.report');
    const ours: Loaded[] = [];
    const floor: Loaded[] = [];
    for (let round = 0; round < rounds; round += 1) {
      floor.push(await load('load-by-hand.ts', 'report'));
      ours.push(await load('load.ts', 'loaded.report'));
    }
    return rowsOf(ours, floor);
  } finally {
    server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Loaded extends Measured {
  readonly rows: number;
  readonly sum: string;
}

function rowsOf(ours: readonly Loaded[], floor: readonly Loaded[]): BenchRow[] {
  const sums = new Set([...ours, ...floor].map(({ rows, sum }) => `${rows} ${sum}`));
  const rows = ours[0]?.rows ?? 0;
  const same = { rows, checksum: sums.size === 1 && rows > 0 ? 'equal' : 'differs' } as const;
  const least = (all: readonly Loaded[], field: keyof Measured) =>
    Math.min(...all.map((each) => each[field]));
  const [seconds, cpu, memory] = (['seconds', 'cpuSeconds', 'peakMegabytes'] as const).map((field) => ({
    ours: least(ours, field),
    floor: least(floor, field),
  })) as [Pair, Pair, Pair];
  const perMillion = 1e6 / rows;
  return [
    {
      path: 'api: pages to DuckDB',
      ours: rows / seconds.ours,
      floor: rows / seconds.floor,
      unit: 'rows/s',
      ratio: seconds.ours / seconds.floor,
      ...same,
    },
    {
      path: 'api: processor time',
      ours: cpu.ours * perMillion,
      floor: cpu.floor * perMillion,
      unit: 'CPU s/M rows',
      ratio: cpu.ours / cpu.floor,
      ...same,
    },
    { path: 'api: memory', ...memory, unit: 'MB', ratio: memory.ours / memory.floor, ...same },
  ];
}

interface Pair {
  readonly ours: number;
  readonly floor: number;
}

async function portOf(server: ChildProcess): Promise<number> {
  const [port] = (await once(server, 'message')) as [number];
  return port;
}

async function check(path: string, table: string): Promise<{ rows: number; sum: string }> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const [[rows, sum] = []] = (await connection.runAndReadAll(checksumOf(table))).getRows();
  connection.closeSync();
  instance.closeSync();
  return { rows: Number(rows), sum: String(sum) };
}
