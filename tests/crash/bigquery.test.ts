import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { WriteMode } from '../../functions/core/cursor.ts';
import { writeModes } from '../../functions/core/cursor.ts';
import type { Emulator, SeenRequest } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { startEmulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { bigqueryPlace, openCounterOnBigquery, place } from './bigquery-run.ts';
import { accounts, afterTheTerm, firstDay, lastDay, runCounter } from './counter-run.ts';
import { daysOf, rowsOf } from './counter-source.ts';

const child = join(import.meta.dirname, 'bigquery-child.ts');

/** What changes something: jobs, also those with rows, and tables. Reads are sent to `queries`. */
const isWrite = ({ method, path }: SeenRequest) => method !== 'GET' && !path.endsWith('/queries');

const carriesRows = ({ path, body }: SeenRequest) =>
  path.startsWith('/upload/') || body.includes('"catchment_commit_');

describe.each(writeModes)('a run on BigQuery with write mode %s', (mode) => {
  it('loses nothing and doubles nothing, whichever request is its last, done or not', {
    timeout: 240_000,
  }, async () => {
    const whole = await start();
    const { output, signal } = await runChild(mode, whole);
    expect([output, signal]).toEqual(['succeeded', null]);
    const writes = whole.requests.filter(isWrite);
    await whole.close();
    expect(writes.filter(({ path }) => path.startsWith('/upload/')).length).toBeGreaterThan(0);
    const points = writes.flatMap((write, last): Point[] => {
      // Rows and commits are what can be lost or doubled; one mode also dies at all that stands between them.
      if (!carriesRows(write)) return mode === 'append' ? [{ last, act: 'lose-answer' }] : [];
      return [
        { last, act: 'lose-answer' },
        { last, act: 'lose-request' },
      ];
    });
    expect(points.length).toBeGreaterThanOrEqual(4);
    const lanes = [0, 1].map((lane) => points.filter((_, index) => index % 2 === lane));
    await Promise.all(lanes.map((lane) => dieAtEach(mode, lane)));
  });
});

interface Point {
  /** Position of the last request among those that write. */
  readonly last: number;
  readonly act: 'lose-answer' | 'lose-request';
}

async function dieAtEach(mode: WriteMode, points: readonly Point[]): Promise<void> {
  for (const { last, act } of points) {
    const where = `${mode}, ${act} of write ${last}`;
    const emulator = await start();
    try {
      const died = await runChild(mode, emulator, { last, act });
      expect(died, where).toEqual({ output: '', signal: 'SIGKILL' });
      // Jobs that BigQuery took go on after their client is dead.
      await Promise.all(emulator.jobs.all().map(({ ended }) => ended));
      const warehouse = openCounterOnBigquery(emulator.url);
      const summary = await runCounter({ mode, place: bigqueryPlace, warehouse, now: afterTheTerm });
      expect(summary.run.status, where).toBe('succeeded');
      const { rows } = await warehouse.query(
        `SELECT day, id, value FROM \`acme.crash.${mode}\` ORDER BY day, id, value`,
      );
      expect(rows, where).toEqual(expectedRows(mode));
      if (mode === 'replace') continue;
      const { cursors } = await warehouse.ledger.state({
        pipeline: 'counter',
        group: 'g',
        lane: 'incremental',
      });
      expect(
        cursors.map(({ origin, value }) => [origin, value]),
        where,
      ).toEqual(accounts.map((account) => [account, lastDay]));
    } finally {
      await emulator.close();
    }
  }
}

function expectedRows(mode: WriteMode): unknown[][] {
  const days = mode === 'replace' ? ['2026-11-01'] : daysOf(firstDay, lastDay);
  return accounts
    .flatMap((account) => days.flatMap((day) => rowsOf(account, day)))
    .map(({ day, id, value }) => [day, id, value])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function start(): Promise<Emulator> {
  return startEmulator({ ...place, datasets: ['crash'] });
}

/** Runs the counter source in a process of its own, which is killed when its last request has come. */
async function runChild(mode: WriteMode, emulator: Emulator, point?: Point) {
  const process_ = spawn(process.execPath, [child, mode, emulator.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  process_.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  if (point !== undefined) {
    let writes = 0;
    const match = (request: SeenRequest) => {
      if (!isWrite(request)) return false;
      writes += 1;
      if (writes <= point.last) return false;
      process_.kill('SIGKILL');
      return true;
    };
    emulator.requestFaults.push({ match, act: point.act });
  }
  const [, signal] = (await once(process_, 'close')) as [number | null, NodeJS.Signals | null];
  return { output: output.trim(), signal };
}
