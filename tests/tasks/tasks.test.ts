import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { TaskShare } from '../../functions/core/run/request.ts';
import { openSqlite } from '../../functions/core/warehouses/sqlite/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { rowsOf } from '../crash/counter-source.ts';
import { accountsOf, days, now, rowsIn, runTask } from './task-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'catchment-tasks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const table = 'crash_append';
let files = 0;

async function open() {
  files += 1;
  const path = join(folder, `${files}.sqlite`);
  const place = { config: { name: 'main', kind: 'sqlite', path } } as const;
  return { place, warehouse: await openSqlite({ path }) };
}

function wantedRows(accounts: readonly string[]): string[] {
  return accounts
    .flatMap((account) => days.flatMap((day) => rowsOf(account, day)))
    .map(({ day, id, value }) => `${day} ${id} ${value}`)
    .sort();
}

const lane = { pipeline: 'counter', group: 'g', lane: 'incremental' } as const;

async function cursorsIn({ ledger }: Warehouse): Promise<string[]> {
  const { cursors } = await ledger.state(lane);
  return cursors.map(({ origin, value }) => `${origin} ${value}`).sort();
}

const takeLease = (warehouse: Warehouse, holder: string) =>
  warehouse.ledger.acquire({ ...lane, holder, process: holder, termMs: 1000, now });

/** Waits pass at once, after the others had their turn. */
const sleep = async () => {
  await setImmediate();
};

describe('the tasks of one execution', () => {
  it('cover every slice exactly once, however many there are and whenever each begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(7),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
        async (accountCount, delays) => {
          const accounts = accountsOf(accountCount + 1);
          const { place, warehouse } = await open();
          const seen: string[] = [];
          const share = (index: number): TaskShare => ({ execution: 'x-1', index, count: delays.length });
          await Promise.all(
            delays.map(async (turns, index) => {
              for (let turn = 0; turn < turns; turn += 1) await setImmediate();
              const onEvent = async (event: { readonly type: string; readonly slice?: { id: string } }) => {
                if (event.type === 'slice-committed' && event.slice !== undefined) seen.push(event.slice.id);
                await setImmediate();
              };
              const summary = await runTask({
                place,
                warehouse,
                accounts,
                share: share(index),
                onEvent,
                sleep,
              });
              expect(summary.run.status).toBe('succeeded');
            }),
          );
          expect(seen.length).toBe(new Set(seen).size);
          expect(seen.length).toBe(accounts.length * 2);
          expect(await rowsIn(warehouse, table)).toEqual(wantedRows(accounts));
          expect(await cursorsIn(warehouse)).toEqual(accounts.map((account) => `${account} 2026-11-11`));
          // The last one has given the lease back.
          await takeLease(warehouse, 'next');
          await warehouse.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('go on where a task stopped that is tried again, and move the cursor only then', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.nat(40), async (count, lastEvent) => {
        const accounts = accountsOf(5);
        const { place, warehouse } = await open();
        const share = (index: number): TaskShare => ({ execution: 'x-1', index, count });
        let events = 0;
        const onEvent = () => {
          events += 1;
          if (events > lastEvent) throw new Error('this task is gone');
        };
        const first = await runTask({ place, warehouse, accounts, share: share(0), onEvent, sleep }).then(
          () => true,
          () => false,
        );
        for (let index = 1; index < count; index += 1)
          await runTask({ place, warehouse, accounts, share: share(index), sleep });
        const again = await runTask({ place, warehouse, accounts, share: share(0), sleep });
        expect(again.run.status).toBe('succeeded');
        if (first) expect(again.run.rowsLoaded).toBe(0);
        expect(await rowsIn(warehouse, table)).toEqual(wantedRows(accounts));
        expect(await cursorsIn(warehouse)).toEqual(accounts.map((account) => `${account} 2026-11-11`));
        await takeLease(warehouse, 'next');
        await warehouse.close();
      }),
      { numRuns: 25 },
    );
  });

  it('hold off other runs until the last of them has ended, and keep the cursor until then', async () => {
    const { place, warehouse } = await open();
    const accounts = accountsOf(3);
    const share = (index: number): TaskShare => ({ execution: 'x-1', index, count: 2 });
    await runTask({ place, warehouse, accounts, share: share(0), sleep });
    expect(await cursorsIn(warehouse)).toEqual([]);
    await expect(takeLease(warehouse, 'next')).rejects.toMatchObject({ code: 'already-running' });
    const other = { execution: 'x-2', index: 0, count: 2 };
    await expect(runTask({ place, warehouse, accounts, share: other, sleep })).rejects.toMatchObject({
      code: 'already-running',
    });
    await runTask({ place, warehouse, accounts, share: share(1), sleep });
    expect(await cursorsIn(warehouse)).toEqual(accounts.map((account) => `${account} 2026-11-11`));
    await runTask({ place, warehouse, accounts, share: other, sleep });
    await runTask({ place, warehouse, accounts, share: { ...other, index: 1 }, sleep });
    expect(await rowsIn(warehouse, table)).toEqual(wantedRows(accounts));
    await warehouse.close();
  });

  it('refuse the commits of an execution that was silent for longer than its lease', async () => {
    const { place, warehouse } = await open();
    const accounts = accountsOf(4);
    const old = { execution: 'x-1', index: 0, count: 2 };
    const later = () => new Date(now.getTime() + 11 * 60_000);
    let isTaken = false;
    const onEvent = async (event: { readonly type: string }) => {
      if (event.type !== 'slice-committed' || isTaken) return;
      isTaken = true;
      for (const index of [0, 1])
        await runTask({
          place,
          warehouse,
          accounts,
          share: { execution: 'x-2', index, count: 2 },
          now: later,
          sleep,
        });
    };
    await expect(runTask({ place, warehouse, accounts, share: old, onEvent, sleep })).rejects.toMatchObject({
      code: 'lease-lost',
    });
    expect(await rowsIn(warehouse, table)).toEqual(wantedRows(accounts));
    expect(await cursorsIn(warehouse)).toEqual(accounts.map((account) => `${account} 2026-11-11`));
    await warehouse.close();
  });

  it('say that they wait when the one that plans says nothing for fifteen minutes', async () => {
    const { place, warehouse } = await open();
    let clock = now.getTime();
    const planner = 'x-1/0';
    const keep = () =>
      warehouse.ledger.acquire({
        ...lane,
        group: 'g/plan',
        holder: planner,
        process: planner,
        termMs: 60_000,
        now: new Date(clock),
      });
    await keep();
    const waiting = runTask({
      place,
      warehouse,
      accounts: accountsOf(1),
      share: { execution: 'x-1', index: 1, count: 2 },
      now: () => new Date(clock),
      sleep: async (ms) => {
        clock += ms;
        await keep();
      },
    });
    await expect(waiting).rejects.toThrow(
      '[counter/g] task 1 waited 15 minutes for the plan of x-1; nothing: the next execution plans anew',
    );
    await warehouse.close();
  });
});
