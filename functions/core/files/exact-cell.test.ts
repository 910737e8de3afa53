import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExactColumns } from '../bytes.ts';
import type { Column } from '../schema.ts';
import { column, items } from '../warehouses/conformance/bench.ts';
import { textOf as bytesOf } from '../warehouses/conformance/text.ts';
import { inspectSegments, loadBytes } from './load-bytes.ts';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';
import type { TextFormat } from './text-cells.ts';
import { columnDefinitions } from './types.ts';

let fixture: LoadFixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(() => fixture.close());

interface Cells {
  readonly type: Column['type'];
  readonly cells: readonly (string | null)[];
  readonly exact?: ExactColumns[string];
  readonly format?: TextFormat;
}

async function load({ type, cells, exact, format = 'tsv' }: Cells) {
  const target = items({ columns: [column('id', 'INTEGER'), column('cell', type)] });
  const { connection, folder } = fixture;
  await connection.run(`create or replace table loaded (${columnDefinitions(target.columns)})`);
  const path = join(folder, 'cells');
  const bytes = bytesOf(
    format,
    cells.map((cell, index) => [String(index), cell]),
  );
  await writeFile(path, bytes);
  const { quarantined } = await loadBytes(
    {
      connection,
      target,
      origin: 'a',
      into: 'loaded',
      file: inspectSegments([{ path, bytes: bytes.length, longestRecord: 1000 }], 'items'),
    },
    { columns: ['id', 'cell'], exact: exact === undefined ? {} : { cell: exact } },
    format,
  );
  const reader = await connection.runAndReadAll('select cell::varchar from loaded order by id');
  return {
    values: reader.getRows().map(([value]) => value),
    quarantined: quarantined.map(({ row, reason }) => [row, reason]),
  };
}

const moment = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) =>
    date
      .toISOString()
      .replace('T', ' ')
      .replace(/\.?0*Z$/, ''),
  );

const cellsOf: readonly (readonly [Column['type'], NonNullable<Cells['exact']>, fc.Arbitrary<string>])[] = [
  ['INTEGER', true, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
  ['BOOLEAN', true, fc.constantFrom('t', 'f')],
  ['TIME', true, moment.map((text) => text.slice(11)).filter((text) => text.length >= 8)],
  ['DATETIME', true, moment],
  ['TIMESTAMP', true, moment],
  [
    'NUMERIC',
    { precision: 12, scale: 2 },
    fc.integer({ min: -99_999_999, max: 99_999_999 }).map((cents) => (cents / 100).toFixed(2)),
  ],
];

it.each(cellsOf)('reads an exact %s as the look at its text does', async (type, exact, arbitrary) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(arbitrary), { minLength: 1, maxLength: 60 }), async (cells) => {
      const looked = await load({ type, cells });
      expect(await load({ type, cells, exact })).toEqual(looked);
      expect(looked.quarantined).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

it.each<[Column['type'], NonNullable<Cells['exact']>, readonly string[]]>([
  ['INTEGER', true, ['18446744073709551615']],
  ['TIME', true, ['-12:00:00', '838:59:59']],
  ['DATETIME', true, ['infinity', '-infinity', '0044-03-15 10:00:00 BC', '2026-00-00 00:00:00']],
  ['TIMESTAMP', true, ['infinity', '0044-03-15 10:00:00 BC', '294276-12-31 23:59:59.999999']],
  ['NUMERIC', { precision: 12, scale: 2 }, ['NaN']],
])('tells an exact %s that is out of range as the look at its text does', async (type, exact, bad) => {
  // One by one: the first bad cell of a file has all others looked at.
  for (const cell of bad) {
    const found = await load({ type, cells: [null, cell], exact });
    expect(found).toEqual(await load({ type, cells: [null, cell] }));
    expect(found.values).toEqual([null]);
    expect(found.quarantined.map(([row]) => row)).toEqual([1]);
  }
});

it('reads the same texts out of both formats, whatever escapes and quotes they hold', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 10 }).filter((value) => !value.includes('\0')),
    fc
      .array(
        fc.constantFrom('\\', '\\\\', '\n', '\t', '\b', '\v', '\f', '\r', 'n', 't', 'N', '"', ',', '\u0001'),
      )
      .map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { minLength: 1, maxLength: 40 }), async (cells) => {
      for (const format of ['csv', 'tsv'] as const)
        expect(await load({ type: 'STRING', cells, format })).toEqual({ values: cells, quarantined: [] });
    }),
    { numRuns: 40 },
  );
});
