import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickhouseServer, Fault } from '../../../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import type { Lease } from '../../ledger/ledger.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createRowChecker } from '../../rows/check.ts';
import { acquire, cursorRecord, items, later, now, sliceRecord } from '../conformance/bench.ts';
import type { Commit, StagedTable, Warehouse } from '../warehouse.ts';
import { openClickhouse } from './warehouse.ts';

let server: ClickhouseServer;

describe.skipIf(unavailable('clickhouse') !== undefined)('a commit on ClickHouse', () => {
  beforeAll(async () => {
    server = await startClickhouse();
  });
  afterAll(() => server.stop());

  describe.each(cases)('in mode $mode, $what', (one) => {
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
        if (!died) break;
        deaths += 1;
        const where = `after ${deaths} statements that write`;
        await server.restart();
        const dead = open();
        expect([one.before, one.after], where).toContainEqual(await look(dead));

        const next = await acquire(dead, { run: 'r2', at: later(11) });
        const { slices, cursors } = await dead.ledger.state(next);
        const isDone = slices.some(({ sliceId }) => sliceId === 's1');
        expect(cursors.length, where).toBe(isDone ? 1 : 0);
        expect(await look(dead), where).toEqual(isDone ? one.after : one.before);
        await place.commit(dead, next);
        expect(await look(dead), where).toEqual(one.after);
        expect(await staged(), where).toBe(0);
        await dead.close();
      }
      expect(deaths).toBeGreaterThan(5);
      expect(await look(open())).toEqual(one.after);
    });

    it('is found done when only its answer was lost', async () => {
      const { warehouse, lease, commit } = await begin(one);
      await server.misbehave(
        { kind: 'cut-after', statement: 'ATTACH PARTITION.*FROM .*_staging.*|EXCHANGE' },
        { kind: 'cut-after', statement: 'INSERT INTO .*slices' },
        { kind: 'cut-after', statement: 'INSERT INTO .*cursors' },
      );
      await commit(warehouse, lease).catch(() => undefined);
      await server.misbehave();
      const next = open();
      await acquire(next, { run: 'r2', at: later(11) });
      expect([one.before, one.after]).toContainEqual(await look(next));
      await next.close();
      await warehouse.close();
    });

    it('shows readers the rows of before or of after, never others', async () => {
      const { warehouse, lease, commit } = await begin(one);
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
      ['after it is decided', 'ATTACH PARTITION.*FROM .*c_[0-9a-f]+_1_|EXCHANGE TABLES'],
    ])('of a holder that stalls %s does no harm when it goes on', async (_, statement) => {
      const fault: Fault = { kind: 'cut-before', statement };
      let isStalled = false;
      const place = await begin(one, async () => {
        if (isStalled) return;
        isStalled = true;
        const other = open();
        const newer = await acquire(other, { run: 'r2', at: later(11) });
        await place.commit(other, newer);
        await other.close();
      });
      const late = place.commit(place.warehouse, place.lease, fault);
      await expect(late).rejects.toMatchObject({ kind: 'retryable' });
      const last = open();
      if (!isStalled) await place.commit(last, await acquire(last, { run: 'r2', at: later(11) }));
      expect(await look(last)).toEqual(one.after);
      await acquire(last, { run: 'r3', at: later(30) });
      expect(await look(last)).toEqual(one.after);
      expect(await staged()).toBe(0);
      await last.close();
      await place.warehouse.close();
    });
  });
});

/** Statements that change something. */
const writes = '^(?!SELECT)';

interface Case {
  readonly mode: StagedTable['writeMode'];
  readonly what: string;
  readonly key: readonly string[];
  readonly rows: readonly (readonly [id: string, value: number, op?: string])[];
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const before = ['x 1', 'y 2', 'z 3'];
const keyed = { key: ['day', 'id'], before } as const;
const cases: readonly Case[] = [
  {
    ...keyed,
    mode: 'append',
    what: 'with a key',
    rows: [
      ['x', 1],
      ['n', 4],
    ],
    after: ['n 4', 'x 1', 'x 1', 'y 2', 'z 3'],
  },
  {
    mode: 'append',
    what: 'without one',
    key: [],
    rows: [
      ['n', 4],
      ['n', 4],
    ],
    before,
    after: ['n 4', 'n 4', 'x 1', 'y 2', 'z 3'],
  },
  {
    ...keyed,
    mode: 'merge',
    what: 'with a key',
    rows: [
      ['x', 1],
      ['y', 20],
      ['n', 4],
    ],
    after: ['n 4', 'x 1', 'y 20', 'z 3'],
  },
  {
    ...keyed,
    mode: 'replaceWindow',
    what: 'with a key',
    rows: [
      ['x', 10],
      ['n', 4],
    ],
    after: ['n 4', 'x 10'],
  },
  {
    mode: 'replaceWindow',
    what: 'without one',
    key: [],
    rows: [
      ['x', 1],
      ['n', 4],
    ],
    before,
    after: ['n 4', 'x 1'],
  },
  {
    ...keyed,
    mode: 'replace',
    what: 'with a key',
    rows: [
      ['x', 10],
      ['n', 4],
    ],
    after: ['n 4', 'x 10'],
  },
  { mode: 'replace', what: 'without one', key: [], rows: [['n', 4]], before, after: ['n 4'] },
  {
    ...keyed,
    mode: 'changes',
    what: 'with deletes',
    rows: [
      ['x', 10],
      ['y', 0, 'delete'],
      ['n', 4],
    ],
    after: ['n 4', 'x 10', 'z 3'],
  },
];

function open(sleep: () => Promise<void> = async () => undefined): Warehouse {
  const { url, user, password } = server;
  return openClickhouse(
    { name: 'main', kind: 'clickhouse', url, secret: 's' },
    { user, password },
    { sleep },
  );
}

/** An empty server with three rows, and a way to commit the case's slice with any lease. */
async function begin(one: Case, sleep?: () => Promise<void>) {
  await server.misbehave();
  for (const name of ['conformance', 'catchment', 'catchment_staging'])
    await server.run(`DROP DATABASE IF EXISTS ${name} SYNC`);
  const warehouse = open(sleep);
  const lease = await acquire(warehouse, {});
  const target = items({ key: one.key });
  const first = [
    ['x', 1],
    ['y', 2],
    ['z', 3],
  ] as const;
  await commitRows(warehouse, lease, { target, rows: first, mode: 'merge', slice: 's0' });
  const commit = (by: Warehouse, with_: Lease, fault?: Fault) =>
    commitRows(by, with_, {
      fault, target, rows: one.rows, mode: one.mode, slice: 's1', cursor: '2026-11-01' });
  return { warehouse, lease, commit };
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
    slice: sliceRecord({ sliceId: slice, runId: randomUUID() }),
    cursor: cursor === undefined ? undefined : cursorRecord(cursor),
    quarantined: [],
    drift: [],
    now,
  };
  if (load.fault !== undefined) await server.misbehave(load.fault);
  await warehouse.commit(commit);
  await stage.discard();
}

async function look(warehouse: Warehouse): Promise<readonly string[]> {
  const { rows } = await warehouse.query('select id, value from conformance.items order by id, value');
  return rows.map((row) => row.join(' '));
}

async function staged(): Promise<number> {
  return Number(await server.run("SELECT count() FROM system.tables WHERE database = 'catchment_staging'"));
}
