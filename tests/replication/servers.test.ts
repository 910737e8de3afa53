import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SeenRequest } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { unavailable } from '../setup/unavailable.ts';
import type { ChildOrder } from './crash-child.ts';
import type { RunOptions } from './pipeline.ts';
import { dataset, runReplication } from './pipeline.ts';
import type { Given } from './use-source.ts';
import { createItems, items, large, useSource } from './use-source.ts';

/** Longer than a lease: that of a run which was cut down still holds. */
const lifeMs = 11 * 60_000;

function replicationInto(given: Given) {
  let lives = 0;
  const replication = () => given.source.replication({ items });
  /** The clock of the next run. */
  const aheadMs = () => {
    lives += 1;
    return lives * lifeMs;
  };
  return {
    replication,
    aheadMs,
    run(options: Partial<RunOptions> = {}) {
      const ahead = aheadMs();
      return runReplication(replication(), {
        warehouse: given.warehouse,
        now: () => new Date(Date.now() + ahead),
        ...options,
      });
    },
    async expectSame(where?: string): Promise<void> {
      const expected = await given.source.rows('SELECT id, name, body FROM items ORDER BY id');
      const { rows } = await given.warehouse.query(
        `SELECT id, name, body FROM ${given.place(dataset, 'items')} ORDER BY id`,
      );
      expect(
        rows.map(([id, ...rest]) => [String(id), ...rest]),
        where,
      ).toEqual(expected);
    },
  };
}

/** Every kind of change to rows whose large values are mostly not in the log. */
function work(round: number): string[] {
  const first = round * 10;
  return [
    `INSERT INTO items VALUES (${first}, 'new', ${large(`a${round}`)}), (${first + 1}, 'goes', NULL), (${first + 2}, 'moves', ${large(`b${round}`)})`,
    `UPDATE items SET name = 'round ${round}'`,
    `UPDATE items SET id = id + 100000 WHERE id % 10 = 2 AND id < 100000 AND id <> ${first + 2}`,
    `DELETE FROM items WHERE id % 10 = 1 AND id < ${first}`,
  ];
}

const kinds = ['clickhouse', 'bigquery'] as const;
const here = kinds.filter((kind) => kind !== 'clickhouse' || unavailable('clickhouse') === undefined);

describe.each(here)('replication into %s', (kind) => {
  const given = useSource({}, kind);

  it('has what the source has after a copy and each kind of change', { timeout: 120_000 }, async () => {
    const { run, expectSame } = replicationInto(given);
    await given.source.sql(
      createItems,
      `INSERT INTO items VALUES (1, 'one', ${large('x')}), (2, 'two', ${large('y')}), (3, 'three', '')`,
    );
    expect((await run()).run).toMatchObject({ status: 'succeeded', rowsRead: 3 });
    await expectSame('copy');
    const steps: readonly (readonly [what: string, ...statements: string[]])[] = [
      ['insert', `INSERT INTO items VALUES (4, 'it''s \\ four', NULL), (9007199254740993, 'big', 'b')`],
      ['update with kept value', `UPDATE items SET name = name || '!' WHERE id IN (1, 4)`],
      ['update of the large value', `UPDATE items SET body = ${large('z')} WHERE id = 2`],
      ['key change with kept value', 'UPDATE items SET id = 10 WHERE id = 1'],
      [
        'swap of keys',
        'BEGIN',
        'UPDATE items SET id = -1 WHERE id = 10',
        'UPDATE items SET id = 10 WHERE id = 2',
        'UPDATE items SET id = 2 WHERE id = -1',
        'COMMIT',
      ],
      ['delete', 'DELETE FROM items WHERE id IN (3, 10)'],
      ['insert again', `INSERT INTO items VALUES (3, 'again', ${large('w')})`],
      ['truncate', 'TRUNCATE items', `INSERT INTO items VALUES (5, 'after', ${large('v')})`],
      ['all gone', 'TRUNCATE items'],
    ];
    for (const [what, ...statements] of steps) {
      await given.source.sql(...statements);
      expect((await run()).run, what).toMatchObject({ status: 'succeeded', rowsQuarantined: 0 });
      await expectSame(what);
    }
  });
});

describe.skipIf(!here.includes('clickhouse'))('a commit of changes on ClickHouse', () => {
  const given = useSource({}, 'clickhouse');

  it('is done once, whichever of its statements the server dies after', { timeout: 240_000 }, async () => {
    const { run, expectSame } = replicationInto(given);
    await given.source.sql(createItems, ...work(1));
    await run();
    for (let deaths = 0, round = 2; ; round += 1) {
      await given.source.sql(...work(round));
      await given.clickhouse?.misbehave({ kind: 'die-after', statement: inCommit, skip: deaths });
      // A dead server does not come back before the run gives up.
      const died = await run({ sleep: async () => undefined }).then(
        (summary) => summary.run.status !== 'succeeded',
        () => true,
      );
      if (!died) {
        expect(deaths).toBeGreaterThanOrEqual(5);
        await given.clickhouse?.misbehave();
        await expectSame('at the end');
        return;
      }
      deaths += 1;
      await given.clickhouse?.restart();
      expect((await run()).run, `death ${deaths}`).toMatchObject({ status: 'succeeded' });
      await expectSame(`death ${deaths}`);
    }
  });
});

/** Statements that make and carry out a commit. */
const inCommit = '^(?!SELECT).*(?:catchment_staging|commits|slices|cursors)';

describe('a commit of changes on BigQuery', () => {
  const given = useSource({}, 'bigquery');

  const carriesRows = ({ method, path, body }: SeenRequest) =>
    method !== 'GET' && (path.startsWith('/upload/') || body.includes('"catchment_commit_'));

  /** Runs in a process of its own, which is killed by a request. */
  async function runChild(order: ChildOrder, dies?: { skip: number; act: 'lose-answer' | 'lose-request' }) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(order)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const emulator = given.emulator();
    let seen = 0;
    const match = (request: SeenRequest) => {
      if (!carriesRows(request)) return false;
      seen += 1;
      if (seen <= (dies?.skip ?? Number.POSITIVE_INFINITY)) return false;
      child.kill('SIGKILL');
      return true;
    };
    emulator.requestFaults.splice(0, emulator.requestFaults.length);
    emulator.requestFaults.push({ match, act: dies?.act ?? 'lose-answer' });
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    emulator.requestFaults.splice(0, emulator.requestFaults.length);
    // Jobs that BigQuery took go on after their client is dead.
    await Promise.all(emulator.jobs.all().map(({ ended }) => ended));
    return { signal, seen };
  }

  it.each(['lose-answer', 'lose-request'] as const)(
    'is done once, whichever request with rows the run dies of (%s)',
    { timeout: 240_000 },
    async (act) => {
      const { run, expectSame, replication, aheadMs } = replicationInto(given);
      await given.source.sql(createItems, ...work(1));
      await run();
      const order = (): ChildOrder => ({
        replication: replication(),
        warehouse: given.emulator().url,
        last: 0,
        aheadMs: aheadMs(),
      });
      await given.source.sql(...work(2));
      const { seen } = await runChild(order());
      expect(seen).toBeGreaterThanOrEqual(2);
      await expectSame('without a death');
      for (let skip = 0; skip < seen; skip += 1) {
        await given.source.sql(...work(3 + skip));
        expect(await runChild(order(), { skip, act })).toMatchObject({ signal: 'SIGKILL' });
        expect((await run()).run, `request ${skip}`).toMatchObject({ status: 'succeeded' });
        await expectSame(`request ${skip}`);
      }
    },
  );
});
