import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reportColumns } from './api/report-sql.ts';
import { type Contest, compare, folder, loadOnce, rates } from './compare.ts';
import type { BenchRow } from './row.ts';

/**
 * Thirteen months of TikTok reports from loopback into a DuckDB file: a whole run of the pipeline beside the same pages
 * fetched by node:http and inserted by one SQL statement each.
 */
export async function benchApi(rounds = 3): Promise<BenchRow[]> {
  await mkdir(folder, { recursive: true });
  const server = fork(join(import.meta.dirname, 'api/pages.ts'));
  try {
    const contest: Contest = {
      ours: { script: 'api/load.ts', table: 'loaded.report' },
      floor: { script: 'api/load-by-hand.ts', table: 'report' },
      input: {
        baseUrl: `http://127.0.0.1:${await portOf(server)}/open_api/v1.3/`,
        advertiserIds: ['7000000000000000001', '7000000000000000002'],
      },
      values: reportColumns,
      rounds,
    };
    // The first run makes the sandbox render its pages, which is not what is compared.
    await loadOnce(contest, contest.ours);
    const { cpuSeconds, peakMegabytes, ...compared } = await compare(contest);
    const { rows, checksum } = compared;
    const perMillion = 1e6 / rows;
    const cpu = {
      ours: cpuSeconds.ours * perMillion,
      floor: cpuSeconds.floor * perMillion,
      ratio: cpuSeconds.ratio,
    };
    return [
      {
        path: 'api pages',
        ...rates({ ...compared, cpuSeconds, peakMegabytes }),
        unit: 'rows/s',
        rows,
        checksum,
      },
      { path: 'api cpu', ...cpu, unit: 's/M rows', rows, checksum },
      { path: 'api memory', ...peakMegabytes, unit: 'MiB', rows, checksum },
    ];
  } finally {
    server.disconnect();
  }
}

async function portOf(server: ChildProcess): Promise<number> {
  const [port] = (await once(server, 'message')) as [number];
  return port;
}
