import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CounterPlace, openCounter } from '../crash/counter-run.ts';
import { rowsOf } from '../crash/counter-source.ts';
import { type PostgresServer, startPostgres } from '../setup/postgres.ts';
import { accountsOf, days, rowsIn } from './task-run.ts';

const child = join(import.meta.dirname, 'child.ts');
const accounts = 6;
const count = 3;

const folder = mkdtempSync(join(tmpdir(), 'catchment-task-processes-'));
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const wanted = accountsOf(accounts)
  .flatMap((account) => days.flatMap((day) => rowsOf(account, day)))
  .map(({ day, id, value }) => `${day} ${id} ${value}`)
  .sort();

/** Places that several processes may write to, each new and empty, with the table's name in SQL. */
const places: readonly [
  kind: string,
  make: (name: string) => Promise<{ readonly place: CounterPlace; readonly table: string }>,
][] = [
  [
    'SQLite',
    async (name) => ({
      place: { config: { name: 'main', kind: 'sqlite', path: join(folder, `${name}.sqlite`) } },
      table: 'crash_append',
    }),
  ],
  [
    'PostgreSQL',
    async (name) => {
      const { host, port, user, password } = server;
      const database = await server.createDatabase(`tasks_${name}`);
      return {
        place: {
          config: { name: 'main', kind: 'postgres', host, port, database },
          secret: { user, password },
        },
        table: 'crash.append',
      };
    },
  ],
];

describe.each(places)('three processes that share a run on %s', (_, make) => {
  // A run has a few side effects before its slices, and four for each; the second task has four slices.
  it.each([0, 2, 6, 13])(
    'load every row once when one of them dies after its side effect %i and is started again',
    { timeout: 120_000 },
    async (last) => {
      const { place, table } = await make(`kill_${last}`);
      // Empty databases get their ledger from one process, as they do from the first deployment's first run.
      await (await openCounter(place)).close();
      const died = await Promise.all([0, 1, 2].map((index) => run(place, index, index === 1 ? last : 0)));
      const again = died[1]?.signal === 'SIGKILL' ? await run(place, 1, 0) : died[1];
      expect([died[0], again, died[2]]).toEqual([ended, ended, ended]);
      if (last > 0) expect(died[1]?.signal).toBe('SIGKILL');

      const warehouse = await openCounter(place);
      expect(await rowsIn(warehouse, table)).toEqual(wanted);
      const lane = { pipeline: 'counter', group: 'g', lane: 'incremental' } as const;
      const { cursors, slices } = await warehouse.ledger.state(lane);
      expect(cursors.map(({ origin, value }) => `${origin} ${value}`).sort()).toEqual(
        accountsOf(accounts).map((account) => `${account} 2026-11-11`),
      );
      expect(slices.filter(({ status }) => status === 'committed')).toHaveLength(accounts * 2);
      await warehouse.close();
    },
  );
});

const ended = { output: 'succeeded', signal: null };

async function run(place: CounterPlace, index: number, last: number) {
  const args = [child, JSON.stringify(place), accounts, index, count, last].map(String);
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  process_.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [, signal] = (await once(process_, 'close')) as [number | null, NodeJS.Signals | null];
  return { output: output.trim(), signal };
}
