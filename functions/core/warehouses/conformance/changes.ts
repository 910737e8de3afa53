import { expect, it } from 'vitest';
import type { Change } from '../../change.ts';
import { createFold } from '../../run/fold-changes.ts';
import { stageChanges } from '../../run/stage-changes.ts';
import type { Outcome } from '../warehouse.ts';
import type { Bench, OpenPlace } from './bench.ts';
import { column, items, openBench } from './bench.ts';
import { batchOf } from './values.ts';

const day = '2026-11-01';
const target = items({
  columns: [...items().columns, column('note', 'STRING'), column('moment', 'TIMESTAMP')],
});
const upsert = (id: string, value: number, more: Partial<Change & { op: 'upsert' }> = {}): Change => ({
  op: 'upsert',
  row: { day, id, value, note: `note of ${id}`, moment: '2026-11-01T10:00:00.000001Z' },
  ...more,
});
/** An update that left its note and moment out, because they did not change. */
const touched = (id: string, value: number, from?: string): Change => ({
  op: 'upsert',
  row: { day, id, value },
  kept: ['note', 'moment'],
  from: from === undefined ? undefined : { day, id: from },
});
const gone = (id: string | null): Change => ({ op: 'delete', row: { day, id } });

export function changeTests(open: OpenPlace): void {
  it('inserts, updates and deletes by key', async () => {
    const bench = await openBench(open);
    expect(await apply(bench, [upsert('x', 1), upsert('y', 2), upsert('z', 3)])).toMatchObject({
      inserted: 3,
      updated: 0,
      deleted: 0,
    });
    const outcome = await apply(bench, [upsert('x', 10), gone('y'), gone('never there'), upsert('new', 4)]);
    expect(outcome).toMatchObject({ table: 'items', inserted: 1, updated: 1, duplicates: 0, deleted: 1 });
    expect(await look(bench)).toEqual(['new 4 note of new', 'x 10 note of x', 'z 3 note of z']);
  });

  it('counts upserts as inserted, updated or unchanged', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1), upsert('y', 2)]);
    const { inserted, updated, unchanged, deleted } = await apply(bench, [upsert('x', 1), upsert('z', 3)]);
    expect({ inserted, existed: updated + unchanged, deleted }).toEqual({
      inserted: 1,
      existed: 1,
      deleted: 0,
    });
  });

  it('keeps stored cells that a change left out', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1), upsert('y', 2)]);
    await apply(bench, [touched('x', 10)]);
    expect(await look(bench)).toEqual(['x 10 note of x', 'y 2 note of y']);
    expect(await bench.rows('select count(*) from conformance.items where moment is null')).toEqual([[0]]);
  });

  it('moves a row to another key together with the cells that were left out', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('old', 1), upsert('y', 2)]);
    await apply(bench, [touched('new', 1, 'old'), gone('old')]);
    expect(await look(bench)).toEqual(['new 1 note of old', 'y 2 note of y']);
  });

  it('swaps the keys of two rows', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1), upsert('y', 2)]);
    await apply(bench, [touched('x', 2, 'y'), touched('y', 1, 'x')]);
    expect(await look(bench)).toEqual(['x 2 note of y', 'y 1 note of x']);
  });

  it('deletes a row and inserts its key again', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1)]);
    await apply(bench, [gone('x')]);
    expect(await look(bench)).toEqual([]);
    await apply(bench, [{ op: 'upsert', row: { day, id: 'x', value: 2 } }]);
    expect(await look(bench)).toEqual(['x 2 null']);
  });

  it('deletes rows whose key holds NULL', async () => {
    const bench = await openBench(open);
    await apply(bench, [{ op: 'upsert', row: { day, id: null, value: 1 } }, upsert('x', 2)]);
    expect(await apply(bench, [gone(null)])).toMatchObject({ deleted: 1 });
    expect(await look(bench)).toEqual(['x 2 note of x']);
  });

  it('empties the table first when it was truncated', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1), upsert('y', 2)]);
    expect(await apply(bench, [upsert('x', 5), upsert('z', 6)], true)).toMatchObject({
      inserted: 2,
      updated: 0,
      unchanged: 0,
      deleted: 2,
    });
    expect(await look(bench)).toEqual(['x 5 note of x', 'z 6 note of z']);
    await apply(bench, [], true);
    expect(await look(bench)).toEqual([]);
  });

  it('does nothing more when the same changes are applied again', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('old', 1), upsert('y', 2), upsert('z', 3)]);
    const changes = [touched('new', 1, 'old'), gone('old'), touched('y', 20), gone('z'), upsert('w', 4)];
    await apply(bench, changes);
    const rows = ['new 1 note of old', 'w 4 note of w', 'y 20 note of y'];
    expect(await look(bench)).toEqual(rows);
    expect(await apply(bench, changes)).toMatchObject({ inserted: 0, deleted: 0 });
    expect(await look(bench)).toEqual(rows);
  });

  it('leaves out an update that keeps a required value of a row that is not stored, and says why', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([strict]);
    const load = async (changes: readonly Change[], truncate = false) => {
      const fold = createFold(strict.columns, strict.key);
      if (truncate) fold.truncate();
      for (const change of changes) fold.add(change);
      const { read } = await stageChanges(bench.warehouse, strict, fold);
      const { stage, quarantined } = read;
      await bench.warehouse.commit(commitOf(bench, stage, truncate));
      await stage.discard();
      return quarantined;
    };
    const renamed = (id: string, from?: string): Change => ({
      op: 'upsert',
      row: { day, id, note: 'renamed' },
      kept: ['value', 'moment'],
      from: from === undefined ? undefined : { day, id: from },
    });
    const odd = 'odd "key"';
    expect(await load([upsert(odd, 1), upsert('y', 2)])).toEqual([]);
    const flaw = { path: 'value', reason: expect.stringContaining('the row is not stored') };
    expect(await load([renamed(odd), renamed('never there'), renamed('z', 'y'), gone('y')])).toMatchObject([
      { row: 1, ...flaw },
    ]);
    expect(await look(bench)).toEqual([`${odd} 1 renamed`, 'z 2 renamed']);
    expect(await load([renamed('z')], true)).toMatchObject([{ row: 0, ...flaw }]);
    expect(await look(bench)).toEqual([]);
  });

  it('applies changes together with the position they reach, or neither', async () => {
    const bench = await openBench(open);
    await apply(bench, [upsert('x', 1)]);
    const stage = await stageOf(bench, [upsert('x', 2)]);
    const commit = { ...commitOf(bench, stage, false), lease: { ...bench.lease, fence: 0 } };
    await expect(bench.warehouse.commit(commit)).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await look(bench)).toEqual(['x 1 note of x']);
    await bench.warehouse.commit({ ...commit, lease: bench.lease });
    expect(await look(bench)).toEqual(['x 2 note of x']);
    const { cursors } = await bench.warehouse.ledger.state(bench.lease);
    expect(cursors.map(({ value }) => value)).toEqual(['0/1A']);
  });
}

/** `value` is required in it, as no other column is. */
const strict = {
  ...target,
  columns: target.columns.map((each) =>
    each.name === 'value' ? { ...each, mode: 'REQUIRED' as const } : each,
  ),
};

async function apply(bench: Bench, changes: readonly Change[], truncate = false): Promise<Outcome> {
  const stage = await stageOf(bench, changes);
  const [outcome] = await bench.warehouse.commit(commitOf(bench, stage, truncate));
  await stage.discard();
  if (outcome === undefined) throw new Error('the commit told no outcome');
  return outcome;
}

function commitOf(bench: Bench, stage: Awaited<ReturnType<typeof stageOf>>, truncate: boolean) {
  return {
    ...bench.commitOf([], { rows: [], cursor: '0/1A' }),
    tables: [{ stage, writeMode: 'changes', truncate } as const],
  };
}

async function stageOf(bench: Bench, changes: readonly Change[]) {
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a', { changes: true });
  const batch = batchOf(
    target,
    changes.map(({ row }) => row),
  );
  const kept = changes.map((change) =>
    change.op === 'upsert' && change.kept !== undefined ? `,${change.kept.join(',')},` : null,
  );
  const from = batchOf(
    target,
    changes.map((change) => (change.op === 'upsert' ? (change.from ?? change.row) : change.row)),
  );
  const values = [
    ...batch.values,
    changes.map(({ op }) => op),
    kept,
    ...target.key.map((name) => from.values[target.columns.findIndex((each) => each.name === name)] ?? []),
  ];
  await stage.append({ rows: batch.rows, values });
  return stage;
}

async function look(bench: Bench): Promise<readonly string[]> {
  const rows = await bench.rows('select id, value, note from conformance.items order by id');
  return rows.map((row) => row.map(String).join(' '));
}
