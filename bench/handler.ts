import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { bundleAll, maxBundleBytes } from '../infra/bundle.ts';
import type { BenchRow } from './row.ts';

/** Starts of each of the two, in turns, so that a busy minute of the machine meets both. */
const runs = 11;

/** design.md, section 5: ready within 1.25 x an empty function, in 96 MiB, from 500 kB or less. */
const bars = { ready: 1.25, memory: 96, bytes: maxBundleBytes / 1000 };

/**
 * A bundled handler beside an empty function, both started by the real Functions Framework: from spawn to the first
 * answer of 200, and the memory then. The largest bundle stands for all.
 */
export async function benchHandler(): Promise<BenchRow[]> {
  // What is deployed most; a job starts once for minutes of work.
  const bundles = (await bundleAll('bigquery')).filter(({ runsOn }) => runsOn === 'function');
  const [largest] = bundles.toSorted((a, b) => b.bytes - a.bytes);
  if (largest === undefined) return [];
  const empty = mkdtempSync(join(tmpdir(), 'catchment-empty-'));
  writeFileSync(join(empty, 'package.json'), '{"type":"module","main":"main.mjs"}');
  writeFileSync(join(empty, 'main.mjs'), `export const handler = (request, response) => response.send('');`);
  try {
    const ours: Start[] = [];
    const floor: Start[] = [];
    // The first start of each reads the files from disk, which is not what is compared.
    await start(largest.dir);
    await start(empty);
    for (let run = 0; run < runs; run += 1) {
      floor.push(await start(empty));
      ours.push(await start(largest.dir));
    }
    const bodies = new Set(ours.map(({ body }) => body));
    const checksum = bodies.size === 1 && ours[0]?.body.includes('"ok"') ? 'equal' : 'differs';
    const seconds = { ours: median(ours, 'seconds'), floor: median(floor, 'seconds') };
    const memory = { ours: median(ours, 'megabytes'), floor: median(floor, 'megabytes') };
    const kilobytes = largest.bytes / 1000;
    const rows: readonly BenchRow[] = [
      {
        path: 'handler ready',
        ...seconds,
        unit: 's',
        ratio: seconds.ours / seconds.floor,
        rows: runs,
        checksum,
        bar: bars.ready,
        note: `${largest.source} beside an empty function`,
      },
      {
        path: 'handler',
        ...memory,
        unit: 'MiB',
        ratio: memory.ours / memory.floor,
        rows: runs,
        checksum,
        bar: bars.memory / memory.floor,
        note: `the bar is ${bars.memory} MiB`,
      },
      {
        path: 'bundle',
        ours: kilobytes,
        floor: bars.bytes,
        unit: 'kB',
        ratio: kilobytes / bars.bytes,
        rows: bundles.length,
        checksum: 'n/a',
        bar: 1,
        note: `${largest.source}, the largest of ${bundles.length}, beside the limit`,
      },
    ];
    // Only Linux tells the memory of another process.
    return rows.filter(({ ours }) => !Number.isNaN(ours));
  } finally {
    rmSync(empty, { recursive: true });
  }
}

interface Start {
  readonly seconds: number;
  /** Resident, in MiB. */
  readonly megabytes: number;
  readonly body: string;
}

async function start(dir: string): Promise<Start> {
  const port = await freePort();
  const binary = join(dirname(import.meta.dirname), 'node_modules/.bin/functions-framework');
  const began = performance.now();
  const child = spawn(process.execPath, [binary, `--source=${dir}`, '--target=handler', `--port=${port}`], {
    stdio: 'ignore',
  });
  try {
    const body = await firstAnswer(port, child);
    return { seconds: (performance.now() - began) / 1000, megabytes: residentOf(child), body };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

async function firstAnswer(port: number, child: ChildProcess): Promise<string> {
  while (child.exitCode === null) {
    const body = await ask(port).catch(() => undefined);
    if (body !== undefined) return body;
    await wait(1);
  }
  throw new Error(`the function ended with ${child.exitCode} before it answered`);
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
      const chunks: string[] = [];
      response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(chunks.join('')) : reject()));
    }).on('error', reject);
  });
}

/** Linux tells it for any process; elsewhere it is not known. */
function residentOf({ pid }: ChildProcess): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return Number.NaN;
  }
}

function median(starts: readonly Start[], field: 'seconds' | 'megabytes'): number {
  const sorted = starts.map((each) => each[field]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
