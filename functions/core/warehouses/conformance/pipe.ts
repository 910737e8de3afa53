import { expect, it } from 'vitest';
import type { ByteStream } from '../../bytes.ts';
import type { Bench, OpenPlace } from './bench.ts';
import { column, items, openBench } from './bench.ts';
import { streamOf } from './text.ts';

const columns = ['day', 'id', 'value'];
const row = (id: string, value: number | string | null) => [
  '2026-11-01',
  id,
  value === null ? null : String(value),
];

export function pipeTests(open: OpenPlace): void {
  it('puts together what several streams bring side by side', async () => {
    const bench = await openBench(open);
    const many = Array.from({ length: 6000 }, (_, index) => row(`id ${index} naïve\n"日本語"`, index));
    const { stage, loaded } = await pipe(bench, [
      streamOf(columns, many.slice(0, 2000), { sizes: [1, 4097, 3] }),
      streamOf(columns, []),
      streamOf(columns, many.slice(2000, 2001)),
      streamOf(
        ['value', 'id', 'day'],
        many.slice(2001).map(([day, id, value]) => [value, id, day] as string[]),
      ),
    ]);
    expect(loaded).toMatchObject({ read: 6000, announced: 6000, quarantined: [], drift: [] });
    expect(loaded.bytes).toBeGreaterThan(100_000);
    expect(stage.rows).toBe(6000);
    expect(await bench.items()).toEqual([]);
    await commit(bench, stage);
    expect(
      await bench.rows('select count(*), count(distinct id), sum(value) from conformance.items'),
    ).toEqual([[6000, 6000, (5999 * 6000) / 2]]);
    expect(await bench.rows(`select distinct _origin from conformance.items`)).toEqual([['a']]);
  });

  it('loads nothing of an empty stream, and replaces a table by it', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    const { stage, loaded } = await pipe(bench, [streamOf(columns, [])]);
    expect(loaded).toMatchObject({ read: 0, announced: 0, bytes: 0 });
    await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'replace' }));
    expect(await bench.items()).toEqual([]);
  });

  it('fills columns that are left out with NULL', async () => {
    const bench = await openBench(open);
    const { stage } = await pipe(bench, [streamOf(['id', 'day'], [['x', '2026-11-01']])]);
    await commit(bench, stage);
    expect(await bench.items()).toEqual(['2026-11-01 x null']);
  });

  it('tells an empty text from NULL and from a text that reads \\N', async () => {
    const bench = await openBench(open);
    const { stage } = await pipe(bench, [
      streamOf(columns, [
        ['2026-11-01', '', '1'],
        ['2026-11-01', null, '2'],
        ['2026-11-01', '\\N', '3'],
      ]),
    ]);
    await commit(bench, stage);
    expect(await bench.rows('select value from conformance.items where id is null')).toEqual([[2]]);
    expect(await bench.rows(`select value from conformance.items where id = ''`)).toEqual([[1]]);
    expect(
      await bench.rows(`select value from conformance.items where id is not null and id <> '' `),
    ).toEqual([[3]]);
  });

  it('sends rows with a cell that does not fit to quarantine, and loads the others', async () => {
    const bench = await openBench(open);
    const target = items({
      columns: [column('day', 'DATE'), column('id', 'STRING', 'REQUIRED'), column('value', 'INTEGER')],
    });
    const rows = [
      row('good', 1),
      row('text', 'secret value'),
      ['2026-02-30', 'no day', '2'],
      ['2026-11-01', null, '3'],
      row('wide', '9223372036854775808'),
      row('also good', -1),
    ];
    const { stage, loaded } = await pipe(bench, [streamOf(columns, rows)], target);
    expect(loaded).toMatchObject({ read: 6, announced: 6 });
    expect(loaded.quarantined.map(({ row: position, path }) => [position, path])).toEqual([
      [1, 'value'],
      [2, 'day'],
      [3, 'id'],
      [4, 'value'],
    ]);
    expect(loaded.quarantined.map(({ reason }) => reason)).toEqual([
      'is not a whole number of 64 bits',
      'is not a date as YYYY-MM-DD',
      'is required and missing',
      'is not a whole number of 64 bits',
    ]);
    expect(JSON.stringify(loaded.quarantined)).not.toContain('secret value');
    expect(stage.rows).toBe(2);
    await commit(bench, stage);
    expect(await bench.items()).toEqual(['2026-11-01 also good -1', '2026-11-01 good 1']);
  });

  it('takes nothing of a stream that breaks off, and says that it may be tried again', async () => {
    const bench = await openBench(open);
    const many = Array.from({ length: 3000 }, (_, index) => row(`id ${index}`, index));
    await bench.warehouse.prepare([items()]);
    const stage = await bench.warehouse.openStage(items(), 'a');
    const broken = streamOf(columns, many, { breakAfter: 20_000 });
    await expect(stage.pipe([streamOf(columns, many.slice(0, 10)), broken])).rejects.toMatchObject({
      kind: 'retryable',
      code: 'vendor',
      message: expect.stringContaining('connection reset by peer'),
    });
    await stage.discard();
    expect(await bench.items()).toEqual([]);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it('tells what the source counted beside what came, and nothing when it cannot count', async () => {
    const bench = await openBench(open);
    const short = streamOf(columns, [row('x', 1)], { announced: 7 });
    expect((await pipe(bench, [short])).loaded).toMatchObject({ read: 1, announced: 7 });
    const silent = streamOf(columns, [row('x', 1)], { announced: null });
    expect((await pipe(bench, [silent])).loaded.announced).toBeUndefined();
  });

  it('keeps rows that were appended, piped and piped again in one stage', async () => {
    const bench = await openBench(open);
    const stage = await bench.stage({ rows: [{ day: '2026-11-01', id: 'appended', value: 1 }] });
    await stage.pipe([streamOf(columns, [row('piped', 2)])]);
    await stage.pipe([streamOf(columns, [row('again', 3)])]);
    expect(stage.rows).toBe(3);
    await commit(bench, stage);
    expect(await bench.items()).toEqual([
      '2026-11-01 again 3',
      '2026-11-01 appended 1',
      '2026-11-01 piped 2',
    ]);
  });

  it('merges piped rows by key, the last of a stream wins', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: ['x', 'y', 'z'].map((id) => ({ day: '2026-11-01', id, value: 1 })) });
    const { stage } = await pipe(bench, [
      streamOf(columns, [row('x', 1), row('y', 5), row('y', 6), row('new', 7)]),
    ]);
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'merge' }));
    expect(outcome).toMatchObject({ inserted: 1, updated: 1, unchanged: 1, duplicates: 1, deleted: 0 });
    expect(await bench.items()).toEqual([
      '2026-11-01 new 7',
      '2026-11-01 x 1',
      '2026-11-01 y 6',
      '2026-11-01 z 1',
    ]);
  });
}

async function pipe(bench: Bench, streams: readonly ByteStream[], target = items()) {
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  return { stage, loaded: await stage.pipe(streams) };
}

async function commit(bench: Bench, stage: Awaited<ReturnType<Bench['stage']>>) {
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
}
