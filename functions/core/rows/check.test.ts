import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, ColumnType } from '../schema.ts';
import { systemColumns } from '../schema.ts';
import { createRowChecker } from './check.ts';
import { patchOf } from './drift.ts';
import { mask } from './mask.ts';

describe('createRowChecker', () => {
  const good: [ColumnType, unknown, unknown][] = [
    ['STRING', 'é', 'é'],
    ['STRING', 7300000000000000123n, '7300000000000000123'],
    ['STRING', 1.5, '1.5'],
    ['STRING', '', ''],
    ['STRING', 'a\ud800b', 'a\ufffdb'],
    ['INTEGER', 12, 12n],
    ['INTEGER', '12', 12n],
    ['INTEGER', '12.0', 12n],
    ['INTEGER', '-9223372036854775808', -9223372036854775808n],
    ['INTEGER', 9223372036854775807n, 9223372036854775807n],
    ['FLOAT', '20.00', 20],
    ['FLOAT', '1.5e3', 1500],
    ['FLOAT', 3n, 3],
    ['NUMERIC', '00123.4500', '123.45'],
    ['NUMERIC', '-0.000', '0'],
    ['NUMERIC', 1e-7, '0.0000001'],
    ['NUMERIC', '99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
    ['BIGNUMERIC', `${'9'.repeat(38)}.${'1'.repeat(38)}`, `${'9'.repeat(38)}.${'1'.repeat(38)}`],
    ['NUMERIC', 1.2e21, '1200000000000000000000'],
    ['BOOLEAN', 'TRUE', true],
    ['BOOLEAN', 0, false],
    ['DATE', '2026-10-01', '2026-10-01'],
    ['DATE', '2026-10-01 00:00:00', '2026-10-01'],
    ['TIME', '23:59:59.123456', '23:59:59.123456'],
    ['DATETIME', '2026-10-01T12:30', '2026-10-01 12:30:00'],
    ['DATETIME', '2026-10-01 12:30:01.5', '2026-10-01 12:30:01.5'],
    ['TIMESTAMP', '1970-01-01T00:00:01.000001Z', 1000001n],
    ['TIMESTAMP', '1970-01-01 02:00:00+02:00', 0n],
    ['TIMESTAMP', '1969-12-31 23:59:59', -1000000n],
    ['TIMESTAMP', new Date(1500), 1500000n],
    ['FLOAT', '-.5', -0.5],
    ['FLOAT', '12.', 12],
    ['INTEGER', '+0012', 12n],
    ['STRING', 'a\0b', 'a\0b'],
    ['DATE', '2000-02-29', '2000-02-29'],
    ['TIMESTAMP', new Date(-1), -1000n],
    ['TIMESTAMP', '0001-01-01', -62135596800000000n],
    ['TIMESTAMP', '9999-12-31T23:59:59.999999Z', 253402300799999999n],
    ['JSON', 'a\ud800b\\ud800', '"a\\ufffdb\\\\ud800"'],
    ['JSON', '\ud83d\ude00', '"\ud83d\ude00"'],
    ['BYTES', 'aGk=', Uint8Array.from([104, 105])],
    ['JSON', { id: 7300000000000000123n }, '{"id":7300000000000000123}'],
    ['JSON', 'text', '"text"'],
  ];
  it.each(good)('takes a %s from %o as %o', (type, from, to) => {
    expect(cell({ type }, from)).toEqual(to);
  });

  const bad: [ColumnType, unknown, string][] = [
    ['STRING', { a: 1 }, 'is not text'],
    ['STRING', 2 ** 60, 'is beyond 2^53 and may have lost digits'],
    ['STRING', Number.POSITIVE_INFINITY, 'is not a finite number'],
    ['STRING', new Date(0), 'is not text'],
    ['JSON', Number.NaN, 'is not a finite number'],
    ['JSON', circle(), 'cannot be written as JSON'],
    ['FLOAT', '1.2.3', 'is not a number'],
    ['FLOAT', '0x10', 'is not a number'],
    ['DATE', '1900-02-29', 'is not a date as YYYY-MM-DD'],
    ['DATE', '0000-01-01', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-1O-01', 'is not a date as YYYY-MM-DD'],
    ['TIMESTAMP', '2026-10-01 10:00:00+24:00', 'is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]'],
    ['TIMESTAMP', '0001-01-01 00:00:00+01:00', 'is outside the years 1 to 9999'],
    ['TIMESTAMP', new Date(Number.NaN), 'is an invalid Date'],
    ['INTEGER', '12.5', 'is not a whole number'],
    ['INTEGER', '-', 'is not a whole number'],
    ['INTEGER', '9223372036854775808', 'does not fit into 64 bits'],
    ['INTEGER', 2 ** 60, 'is beyond 2^53 and may have lost digits'],
    ['INTEGER', true, 'is not a whole number'],
    ['FLOAT', '', 'is not a number'],
    ['FLOAT', Number.NaN, 'is not a finite number'],
    ['FLOAT', '1e999', 'is not a number'],
    ['NUMERIC', '0.0000000001', 'has more than 9 digits after the point'],
    ['NUMERIC', '1'.repeat(30), 'has more than 29 digits before the point'],
    ['NUMERIC', '.', 'is not a decimal number'],
    ['BOOLEAN', 'yes', 'is not true or false'],
    ['DATE', '2026-02-30', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-10-01 12:00:00', 'is not a date as YYYY-MM-DD'],
    ['TIME', '24:00:00', 'is not a time as HH:MM:SS'],
    ['DATETIME', '2026-10-01 12:00:00Z', 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS'],
    ['TIMESTAMP', 1790000000, 'is not a moment: give ISO text or a Date'],
    ['TIMESTAMP', '2026-10-01 25:00:00', 'is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]'],
    ['BYTES', 'a', 'is not bytes or base64'],
  ];
  it.each(bad)('quarantines a %s from %o, because it %s', (type, from, reason) => {
    const { batch, quarantined } = check([{ name: 'c', type, mode: 'NULLABLE' }], [{ c: from }]);
    expect(batch.rows).toBe(0);
    expect(quarantined).toEqual([
      {
        row: 0,
        path: 'c',
        reason,
        masked: from instanceof Date && Number.isNaN(from.getTime()) ? mask(String(from)) : mask(from),
      },
    ]);
  });

  it('keeps missing cells NULL, never 0, and refuses NULL where it is required', () => {
    const columns: Column[] = [
      { name: 'spend', type: 'FLOAT', mode: 'NULLABLE' },
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
    ];
    const { batch, quarantined } = check(columns, [{ id: 'a' }, { spend: 1 }, { id: 'b', spend: null }]);
    expect(batch.values).toEqual([
      [null, null],
      ['a', 'b'],
      ['o', 'o'],
      [null, null],
    ]);
    expect(quarantined).toEqual([{ row: 1, path: 'id', reason: 'is required and missing', masked: 'NULL' }]);
  });

  it('names the place of a bad value inside records and lists', () => {
    const columns: Column[] = [
      {
        name: 'items',
        type: 'RECORD',
        mode: 'REPEATED',
        fields: [
          { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
          { name: 'tags', type: 'STRING', mode: 'REPEATED' },
        ],
      },
    ];
    const rows = [{ items: [{ id: 1, tags: ['a'] }, { id: 'x' }] }, { items: [{ id: 2, tags: [null] }] }, {}];
    const { batch, quarantined } = check(columns, rows);
    expect(quarantined.map(({ row, path }) => [row, path])).toEqual([
      [0, 'items[1].id'],
      [1, 'items[0].tags[0]'],
    ]);
    expect(batch.values[0]).toEqual([[]]);
  });

  it('reads a column under the name that the source gives it', () => {
    const columns: Column[] = [
      { name: 'us_gross', type: 'INTEGER', mode: 'NULLABLE', sourceName: 'US Gross' },
    ];
    const { batch } = check(columns, [{ 'US Gross': 5 }]);
    expect(batch.values).toEqual([[5n], ['o'], [null]]);
  });

  it('keeps fields without a column in _extra and suggests a column for each', () => {
    const checker = createRowChecker([{ name: 'a', type: 'STRING', mode: 'NULLABLE' }], { origin: 'o' });
    const { batch } = checker.check([
      { a: 'x', id: 7300000000000000123n, n: 1, day: '2026-10-01', 'odd name': [1] },
      { a: 'y', n: 1.5, day: '2026-10-01 10:00:00', gone: undefined, empty: null },
    ]);
    expect(batch.values[2]).toEqual([
      '{"id":7300000000000000123,"n":1,"day":"2026-10-01","odd name":[1]}',
      '{"n":1.5,"day":"2026-10-01 10:00:00","empty":null}',
    ]);
    expect(checker.drift().map(patchOf)).toEqual([
      '{"name":"id","type":"INTEGER","mode":"NULLABLE"}',
      '{"name":"n","type":"FLOAT","mode":"NULLABLE"}',
      '{"name":"day","type":"TIMESTAMP","mode":"NULLABLE"}',
      '{"name":"odd_name","type":"INTEGER","mode":"REPEATED","sourceName":"odd name"}',
      '{"name":"empty","type":"STRING","mode":"NULLABLE"}',
    ]);
  });

  it('keeps fields inside records that no column takes, by their path, and counts them once per row', () => {
    const checker = createRowChecker(
      [
        {
          name: 'items',
          type: 'RECORD',
          mode: 'REPEATED',
          fields: [
            { name: 'id', type: 'INTEGER', mode: 'NULLABLE' },
            {
              name: 'size',
              type: 'RECORD',
              mode: 'NULLABLE',
              fields: [{ name: 'x', type: 'FLOAT', mode: 'NULLABLE' }],
            },
          ],
        },
      ],
      { origin: 'o' },
    );
    const { batch } = checker.check([
      {
        items: [
          { id: 1, colour: 'red', size: { x: 1, y: 2 } },
          { id: 2, colour: 'blue' },
        ],
        'items[0].colour': 'a name like a path',
      },
      { items: [{ id: 3 }] },
      { items: [{ id: 4, colour: 'red' }] },
    ]);
    expect(batch.values[2]).toEqual([
      '{"items[0].colour":"a name like a path","items[0].size.y":2,"items[0].colour_":"red","items[1].colour":"blue"}',
      null,
      '{"items[0].colour":"red"}',
    ]);
    expect(checker.drift()).toEqual([
      {
        field: 'items[0].colour',
        suggested: {
          name: 'items_0__colour',
          type: 'STRING',
          mode: 'NULLABLE',
          sourceName: 'items[0].colour',
        },
        rows: 1,
      },
      { field: 'items.size.y', suggested: { name: 'y', type: 'INTEGER', mode: 'NULLABLE' }, rows: 1 },
      { field: 'items.colour', suggested: { name: 'colour', type: 'STRING', mode: 'NULLABLE' }, rows: 2 },
    ]);
  });

  it('suggests names that no column has, whatever their case', () => {
    const checker = createRowChecker([{ name: 'spend', type: 'FLOAT', mode: 'NULLABLE' }], { origin: 'o' });
    checker.check([{ Spend: 1, _extra: 'x', '1st': true }]);
    expect(checker.drift().map(patchOf)).toEqual([
      '{"name":"Spend_2","type":"INTEGER","mode":"NULLABLE","sourceName":"Spend"}',
      '{"name":"_extra_2","type":"STRING","mode":"NULLABLE","sourceName":"_extra"}',
      '{"name":"_1st","type":"BOOLEAN","mode":"NULLABLE","sourceName":"1st"}',
    ]);
  });

  it('counts the drift of bad rows too, and finds strays in rows of any shape', () => {
    const checker = createRowChecker([{ name: 'a', type: 'INTEGER', mode: 'NULLABLE' }], { origin: 'o' });
    const { batch } = checker.check([
      { a: 1 },
      { a: 2, b: 1 },
      { a: 'x', b: 2 },
      { b: 3, a: 3 },
      {},
      { a: 4 },
      { c: 1 },
    ]);
    expect(batch.values).toEqual([
      [1n, 2n, 3n, null, 4n, null],
      ['o', 'o', 'o', 'o', 'o', 'o'],
      [null, '{"b":1}', '{"b":3}', null, null, '{"c":1}'],
    ]);
    expect(checker.drift().map(({ field, rows }) => [field, rows])).toEqual([
      ['b', 3],
      ['c', 1],
    ]);
  });

  it('stops telling fields apart after a thousand, but keeps them all', () => {
    const checker = createRowChecker([{ name: 'a', type: 'STRING', mode: 'NULLABLE' }], { origin: 'o' });
    const row = Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`id_${index}`, index]));
    const { batch } = checker.check([row]);
    expect(JSON.parse(String(batch.values[2]?.[0]))).toEqual(row);
    expect(checker.drift().length).toBe(1000);
  });

  it('quarantines what is no row at all, and numbers it', () => {
    const { batch, quarantined } = check([{ name: 'a', type: 'STRING', mode: 'NULLABLE' }], [
      { a: 'x' },
      null,
      ['y'],
      'text',
    ] as never);
    expect(batch.values[0]).toEqual(['x']);
    expect(quarantined).toEqual([
      { row: 1, path: '', reason: 'is not a record', masked: 'NULL' },
      { row: 2, path: '', reason: 'is not a record', masked: 'list(1)' },
      { row: 3, path: '', reason: 'is not a record', masked: '****' },
    ]);
  });

  it('names the first bad column of each row, in the order of the rows', () => {
    const columns: Column[] = [
      { name: 'a', type: 'INTEGER', mode: 'NULLABLE' },
      { name: 'b', type: 'INTEGER', mode: 'NULLABLE' },
    ];
    const { quarantined } = check(columns, [
      { a: 1, b: 'x' },
      { a: 'x', b: 'x' },
    ]);
    expect(quarantined.map(({ row, path }) => [row, path])).toEqual([
      [0, 'b'],
      [1, 'a'],
    ]);
  });

  it('is not confused by names that every object has', () => {
    const { batch, quarantined } = check(
      [{ name: 'constructor', type: 'STRING', mode: 'NULLABLE' }],
      [{}, { constructor: 'x' }, JSON.parse('{"__proto__": {"a": 1}}')],
    );
    expect(quarantined).toEqual([]);
    expect(batch.values).toEqual([
      [null, 'x', null],
      ['o', 'o', 'o'],
      [null, null, '{"__proto__":{"a":1}}'],
    ]);
  });

  it('refuses a huge cell at once, and does not copy it into the quarantine', () => {
    const huge = `1.${'0'.repeat(10_000_000)}x`;
    for (const type of [
      'INTEGER',
      'FLOAT',
      'NUMERIC',
      'BOOLEAN',
      'DATE',
      'TIME',
      'DATETIME',
      'TIMESTAMP',
    ] as const) {
      const { quarantined } = check([{ name: 'c', type, mode: 'NULLABLE' }], [{ c: huge }]);
      expect(quarantined[0]?.masked, type).toBe('1.…(10000003)…0x');
    }
  });

  it('fills the system columns in the order the warehouses expect', () => {
    const { batch } = check([], [{ a: 1 }]);
    const values = Object.fromEntries(
      systemColumns.map(({ name }, index) => [name, batch.values[index]?.[0]]),
    );
    expect(values).toEqual({ _origin: 'o', _extra: '{"a":1}' });
  });

  it('counts rows across batches', () => {
    const checker = createRowChecker([{ name: 'a', type: 'INTEGER', mode: 'NULLABLE' }], { origin: 'o' });
    checker.check([{ a: 1 }, { a: 2 }]);
    expect(checker.check([{ a: 'x' }]).quarantined[0]?.row).toBe(2);
    expect(checker.read).toBe(3);
  });

  it('keeps every 64-bit integer, as a number, a bigint or text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(cell({ type: 'INTEGER' }, value)).toBe(value);
        expect(cell({ type: 'INTEGER' }, String(value))).toBe(value);
        expect(cell({ type: 'NUMERIC' }, value)).toBe(String(value));
      }),
    );
  });

  it('reads every moment back to the microsecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(cell({ type: 'TIMESTAMP' }, date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
        },
      ),
    );
  });
});

describe('mask', () => {
  it('shows at most two characters at each end and nothing of a short value', () => {
    expect(['', 'ab', 'abcd', 'abcdef', 'x'.repeat(1000), 12345678, null, { a: 1 }, [1]].map(mask)).toEqual([
      '""',
      '**',
      '****',
      '******',
      'xx…(1000)…xx',
      '12****78',
      'NULL',
      'object',
      'list(1)',
    ]);
  });
});

function check(columns: readonly Column[], rows: readonly Record<string, unknown>[]) {
  return createRowChecker(columns, { origin: 'o' }).check(rows);
}

function cell(column: { readonly type: ColumnType }, value: unknown): unknown {
  const { batch, quarantined } = check([{ name: 'c', mode: 'NULLABLE', ...column }], [{ c: value }]);
  expect(quarantined).toEqual([]);
  return batch.values[0]?.[0];
}

function circle(): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}
