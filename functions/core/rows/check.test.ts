import { describe, expect, it } from 'vitest';
import type { Column } from '../schema.ts';
import { systemColumns } from '../schema.ts';
import { createRowChecker } from './check.ts';
import { patchOf } from './drift.ts';

describe('createRowChecker', () => {
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
});

function check(columns: readonly Column[], rows: readonly Record<string, unknown>[]) {
  return createRowChecker(columns, { origin: 'o' }).check(rows);
}
