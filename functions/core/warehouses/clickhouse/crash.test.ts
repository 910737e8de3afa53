import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickhouseServer, Fault } from '../../../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import type { Lease } from '../../ledger/ledger.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createRowChecker } from '../../rows/check.ts';
import { cursorRecord, items, later, now, sliceRecord } from '../conformance/bench.ts';
import type { Commit, StagedTable, Warehouse } from '../warehouse.ts';
import type { Case } from './crash-fixture.ts';
import { cases, oneOfEachMode } from './crash-fixture.ts';
import { openClickhouse } from './warehouse.ts';

let server: ClickhouseServer;

describe.skipIf(unavailable('clickhouse') !== undefined)('a commit on ClickHouse', () => {
  beforeAll(async () => {
    server = await startClickhouse();
  });
  afterAll(() => server.stop());

  describe.each(oneOfEachMode)('in mode $mode', (one) => {
    it('is done or not done, whichever statement the server dies after', { timeout: 240_000 }, async () => {
      let deaths = 0;
      for (;;) {
        const place = await begin(one);
        const fault: Fault = { kind: 'die-after', statement: writes, skip: deaths };
        const died = await place.commit(place.warehouse, place.lease, fault).then(
          () => false,
          () => true,
        );
        await place.warehouse.close();
        if (!died) {
          expect(await place.look(open())).toEqual(one.after);
          break;
        }
        deaths += 1;
        const where = `after ${deaths} statements that write`;
        await server.restart();
        const dead = open();
        expect([one.before, one.after], where).toContainEqual(await place.look(dead));

        const next = await place.takeOver(dead);
        const { slices, cursors } = await dead.ledger.state(next);
        const isDone = slices.some(({ sliceId }) => sliceId === 's1');
        expect(cursors.length, where).toBe(isDone ? 1 : 0);
        expect(await place.look(dead), where).toEqual(isDone ? one.after : one.before);
        await place.commit(dead, next);
        expect(await place.look(dead), where).toEqual(one.after);
        expect(await staged(), where).toBe(0);
        await dead.close();
      }
      expect(deaths).toBeGreaterThan(5);
    });
  });

  describe.each(cases)('in mode $mode, $what', (one) => {
    it('is found done when only its answer was lost', async () => {
      const { warehouse, lease, commit, look, takeOver } = await begin(one);
      await server.misbehave(
        { kind: 'cut-after', statement: 'ATTACH PARTITION.*FROM .*_staging.*|EXCHANGE' },
        { kind: 'cut-after', statement: 'INSERT INTO .*slices' },
        { kind: 'cut-after', statement: 'INSERT INTO .*cursors' },
      );
      await commit(warehouse, lease).catch(() => undefined);
      await server.misbehave();
      const next = open();
      await takeOver(next);
      expect([one.before, one.after]).toContainEqual(await look(next));
      await next.close();
      await warehouse.close();
    });

    it('is carried out by the next holder when the server refused to, although its stage was discarded', async () => {
      const { warehouse, lease, commit, look, takeOver } = await begin(one);
      const message = 'Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)';
      const statement = 'ALTER TABLE .conformance.*ATTACH PARTITION|EXCHANGE TABLES';
      const refused = commit(warehouse, lease, { kind: 'refuse', statement, code: 241, message });
      await expect(refused).rejects.toMatchObject({ kind: 'retryable', code: 'warehouse' });
      const next = open();
      expect(await look(next)).toEqual(one.before);
      await takeOver(next);
      expect(await look(next)).toEqual(one.after);
      expect(await staged()).toBe(0);
      await next.close();
      await warehouse.close();
    });

    it('shows readers the rows of before or of after, never others', async () => {
      const { warehouse, lease, commit, look } = await begin(one);
      const reader = open();
      const seen = new Set<string>();
      let isOver = false;
      const reading = (async () => {
        while (!isOver) seen.add(JSON.stringify(await look(reader)));
      })();
      await commit(warehouse, lease);
      isOver = true;
      await reading;
      for (const rows of seen) expect([one.before, one.after]).toContainEqual(JSON.parse(rows));
      expect(await look(reader)).toEqual(one.after);
      await reader.close();
      await warehouse.close();
    });

    it.each([
      ['before it is decided', 'INSERT INTO .*commits'],
      ['after it is decided', 'ALTER TABLE .conformance.*ATTACH PARTITION|EXCHANGE TABLES'],
    ])('of a holder that stalls %s does no harm when it goes on', async (_, statement) => {
      const fault: Fault = { kind: 'cut-before', statement };
      let isStalled = false;
      const place = await begin(one, async () => {
        if (isStalled) return;
        isStalled = true;
        const other = open();
        const newer = await place.takeOver(other);
        await place.commit(other, newer);
        await other.close();
      });
      const late = place.commit(place.warehouse, place.lease, fault);
      await expect(late).rejects.toMatchObject({ kind: 'retryable' });
      const last = open();
      if (!isStalled) await place.commit(last, await place.takeOver(last));
      expect(await place.look(last)).toEqual(one.after);
      await place.takeOver(last, 30);
      expect(await place.look(last)).toEqual(one.after);
      expect(await staged()).toBe(0);
      await last.close();
      await place.warehouse.close();
    });
  });
});

/** Statements that change something. */
const writes = '^(?!SELECT)';

function open(sleep: () => Promise<void> = async () => undefined): Warehouse {
  const { url, user, password } = server;
  return openClickhouse(
    { name: 'main', kind: 'clickhouse', url, secret: 's' },
    { user, password },
    { sleep },
  );
}

/** A table of its own with three rows, and a way to commit the case's slice with any lease. */
async function begin(one: Case, sleep?: () => Promise<void>) {
  await server.misbehave();
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const warehouse = open(sleep);
  const take = (by: Warehouse, run: string, at: Date) =>
    by.ledger.acquire({
      pipeline: 'pipe',
      group: name,
      lane: 'incremental',
      holder: `p/${run}`,
      process: 'p',
      termMs: 600_000,
      now: at,
    });
  const lease = await take(warehouse, 'r1', now);
  const target = items({ name, key: one.key });
  const first = [
    ['x', 1],
    ['y', 2],
    ['z', 3],
  ] as const;
  await commitRows(warehouse, lease, { target, rows: first, mode: 'merge', slice: 's0' });
  return {
    warehouse,
    lease,
    /** Another holder takes the lease over, minutes after the one before. */
    takeOver: (by: Warehouse, minutes = 11) => take(by, `r${minutes}`, later(minutes)),
    commit: (by: Warehouse, with_: Lease, fault?: Fault) =>
      commitRows(by, with_, {
        fault,
        target,
        rows: one.rows,
        mode: one.mode,
        slice: 's1',
        cursor: '2026-11-01',
      }),
    async look(by: Warehouse): Promise<readonly string[]> {
      const { rows } = await by.query(`select id, value from conformance.${name} order by id, value`);
      return rows.map((row) => row.join(' '));
    },
  };
}

async function commitRows(
  warehouse: Warehouse,
  lease: Lease,
  load: {
    readonly target: TableTarget;
    readonly rows: Case['rows'];
    readonly mode: StagedTable['writeMode'];
    readonly slice: string;
    readonly cursor?: string;
    /** Strikes once the rows are staged. */
    readonly fault?: Fault | undefined;
  },
): Promise<void> {
  const { target, rows, slice, cursor } = load;
  const mode = load.mode === 'merge' && target.key.length === 0 ? 'append' : load.mode;
  await warehouse.prepare([target]);
  const stage = await warehouse.openStage(target, 'a', { changes: mode === 'changes' });
  const day = '2026-11-01';
  const { batch } = createRowChecker(target.columns, { origin: 'a' }).check(
    rows.map(([id, value]) => ({ day, id, value })),
  );
  const more = [
    rows.map(([, , op = 'upsert']) => op),
    rows.map(() => null),
    rows.map(() => day),
    rows.map(([id]) => id),
  ];
  await stage.append(mode === 'changes' ? { ...batch, values: [...batch.values, ...more] } : batch);
  const commit: Commit = {
    lease,
    tables: [{ stage, writeMode: mode }],
    origin: 'a',
    window: { start: day, end: day },
    slice: sliceRecord({ group: lease.group, sliceId: slice, runId: randomUUID() }),
    cursor: cursor === undefined ? undefined : { ...cursorRecord(cursor), group: lease.group },
    quarantined: [],
    drift: [],
    now,
  };
  if (load.fault !== undefined) await server.misbehave(load.fault);
  // As a run does it, whatever became of the commit.
  await warehouse.commit(commit).catch(async (error: unknown) => {
    await stage.discard().catch(() => undefined);
    throw error;
  });
  await stage.discard();
}

async function staged(): Promise<number> {
  return Number(await server.run("SELECT count() FROM system.tables WHERE database = 'catchment_staging'"));
}
