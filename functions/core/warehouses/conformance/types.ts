import { expect, it } from 'vitest';
import type { ExactColumns } from '../../bytes.ts';
import type { Column } from '../../schema.ts';
import type { ConformanceOptions } from '../conformance.ts';
import type { Bench, OpenPlace } from './bench.ts';
import { openBench } from './bench.ts';
import { streamOfBatch } from './text.ts';
import { allDays, batchOf, comparable, everything, expectedRows, hardRows, withinDays } from './values.ts';

/** Reads all rows of a table by id, in the order of its columns; the default asks in SQL. */
export type ReadTable = (
  bench: Bench,
  columns: readonly string[],
) => Promise<readonly (readonly unknown[])[]>;

const readBySql: ReadTable = (bench, columns) =>
  bench.rows(`select ${columns.join(', ')} from conformance.everything order by id`);

export function typeTests(
  open: OpenPlace,
  { readTypes: read = readBySql, days = allDays }: Pick<ConformanceOptions, 'readTypes' | 'days'>,
): void {
  const rows = withinDays(hardRows, days);

  it('keeps every type of a schema file without loss, rows appended', async () => {
    const bench = await openBench(open);
    await bench.load({ target: everything, rows });
    expect(await rowsOf(bench, read)).toEqual(expectedRows(everything, rows));
  });

  const ways = [
    { format: 'csv', how: 'csv' },
    { format: 'tsv', how: 'tsv' },
    { format: 'csv', how: 'csv with exact columns', exact: exactly(everything.columns) },
    { format: 'tsv', how: 'tsv with exact columns', exact: exactly(everything.columns) },
  ] as const;
  for (const { format, how, exact } of ways.map((way) => ({ exact: undefined, ...way })))
    it(`keeps every type of a schema file without loss, rows piped as ${how}`, async () => {
      const bench = await openBench(open);
      await bench.warehouse.prepare([everything]);
      const stage = await bench.warehouse.openStage(everything, 'a');
      // Every source writes csv, which is why a warehouse that prefers another format is offered that alone with it.
      const formats = format === 'csv' ? (['csv'] as const) : (['tsv', 'csv'] as const);
      const stream = streamOfBatch(everything.columns, batchOf(everything, rows), { formats, exact });
      expect(await stage.pipe([stream])).toMatchObject({
        read: rows.length,
        announced: rows.length,
        quarantined: [],
        drift: [],
      });
      expect(stage.rows).toBe(rows.length);
      await bench.warehouse.commit(bench.commitOf([stage], { rows: [] }));
      await stage.discard();
      expect(await rowsOf(bench, read)).toEqual(expectedRows(everything, rows));
    });

  it('finds rows equal when they come again, whichever way they came', async () => {
    const bench = await openBench(open);
    const target = { ...everything, writeMode: 'merge' } as const;
    const counts = { inserted: 0, updated: 0, duplicates: 0, deleted: 0 };
    await bench.load({ target, rows });
    expect(await bench.load({ target, rows })).toMatchObject({
      ...counts,
      unchanged: rows.length,
    });
    const stage = await bench.warehouse.openStage(target, 'a');
    await stage.pipe([streamOfBatch(everything.columns, batchOf(everything, rows))]);
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [] }));
    await stage.discard();
    expect(outcome).toMatchObject({ ...counts, unchanged: rows.length });
  });
}

/** As a source says it whose columns have the same types. */
function exactly(columns: readonly Column[]): ExactColumns {
  const types = ['INTEGER', 'BOOLEAN', 'TIME', 'DATETIME', 'TIMESTAMP', 'BYTES', 'JSON'];
  const exact = columns.filter(({ type, mode }) => types.includes(type) && mode !== 'REPEATED');
  return Object.fromEntries(exact.map(({ name }) => [name, true]));
}

async function rowsOf(bench: Bench, read: ReadTable) {
  const names = everything.columns.map(({ name }) => name);
  const rows = await read(bench, names);
  return rows.map((row) =>
    Object.fromEntries(everything.columns.map((each, index) => [each.name, comparable(row[index], each)])),
  );
}
