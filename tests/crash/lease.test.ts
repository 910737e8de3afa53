import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { duckdbPlace, now, openCounter, runCounter } from './counter-run.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-lease-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('two runs of one group', () => {
  it('lets the first one finish and tells the second that it is running already', async () => {
    const place = duckdbPlace(join(folder, 'two.duckdb'));
    const warehouse = await openCounter(place);
    const first = runCounter({ mode: 'merge', place, warehouse });
    const second = runCounter({ mode: 'merge', place, warehouse });
    const [one, other] = await Promise.allSettled([first, second]);
    const ended = [one, other].filter((result) => result.status === 'fulfilled');
    const refused = [one, other].filter((result) => result.status === 'rejected');
    expect(ended).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: 'already-running', kind: 'retryable' });
    const rows = await warehouse.query('select count(*), count(distinct (day, id)) from crash.merge');
    expect(rows.rows).toEqual([[15, 15]]);
    await warehouse.close();
  });

  it('refuses the commit of a holder that stalled beyond its term and woke up', async () => {
    const place = duckdbPlace(join(folder, 'stalled.duckdb'));
    const warehouse = await openCounter(place);
    let clock = now;
    let isStalled = false;
    const stalled = runCounter({
      mode: 'append',
      place,
      warehouse,
      now: () => clock,
      onEvent: async ({ type }) => {
        if (type !== 'rows-staged' || isStalled) return;
        isStalled = true;
        clock = new Date(clock.getTime() + 11 * 60_000);
        const other = await runCounter({ mode: 'append', place, warehouse, now: () => clock });
        expect(other.run.status).toBe('succeeded');
      },
    });
    await expect(stalled).rejects.toMatchObject({ code: 'lease-lost' });
    const rows = await warehouse.query('select count(*), count(distinct (day, id)) from crash.append');
    expect(rows.rows).toEqual([[15, 15]]);
    const runs = await warehouse.query(
      'select status, count(*) from catchment.runs group by status order by status',
    );
    expect(runs.rows).toEqual([
      ['crashed', 1],
      ['succeeded', 1],
    ]);
    await warehouse.close();
  });

  it('finds nothing to do the second time and says so', async () => {
    const place = duckdbPlace(join(folder, 'again.duckdb'));
    const warehouse = await openCounter(place);
    await runCounter({ mode: 'merge', place, warehouse });
    const again = await runCounter({ mode: 'merge', place, warehouse });
    expect(again.run).toMatchObject({ status: 'succeeded', slicesPlanned: 0, rowsRead: 0 });
    expect(again.skipped).toEqual([
      'merge of a is up to date through 2026-11-11; its last 2 days are read again after 2026-11-13 02:00 UTC',
    ]);
    await warehouse.close();
  });
});
