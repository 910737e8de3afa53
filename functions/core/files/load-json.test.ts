import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';

const root = join(import.meta.dirname, '../../..');

let fixture: LoadFixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(() => fixture.close());

const ab = [
  { name: 'a', type: 'INTEGER' },
  { name: 'b', type: 'STRING' },
];

const nested = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  {
    name: 'properties',
    type: 'RECORD',
    fields: [
      { name: 'mag', type: 'FLOAT' },
      { name: 'count', type: 'INTEGER', sourceName: 'the count' },
    ],
  },
  { name: 'places', type: 'FLOAT', mode: 'REPEATED' },
  {
    name: 'items',
    type: 'RECORD',
    mode: 'REPEATED',
    fields: [{ name: 'n', type: 'INTEGER', mode: 'REQUIRED' }],
  },
];

describe('loading a JSON file', () => {
  it('reads lines and arrays straight into columns, whatever field is missing', async () => {
    const lines = await fixture.put('x.ndjson', '{"a":1,"b":"x"}\n\n{"b":null}\n{"a":9007199254740993}\n');
    const array = await fixture.put('x.json', ' [{"a":1,"b":"x"},{"b":null},{"a":9007199254740993}]');
    const zipped = await fixture.put(
      'x.json.gz',
      gzipSync('[{"a":1,"b":"x"},{"b":null},{"a":9007199254740993}]'),
    );
    for (const [path, format] of [
      [lines, 'ndjson'],
      [array, 'json'],
      [zipped, 'json'],
    ] as const) {
      const loaded = await fixture.load(ab, [{ path, format }]);
      expect(loaded, path).toMatchObject({ read: 3, staged: 3, quarantined: [], drift: [] });
      expect(
        loaded.rows.map(({ a, b }) => [a, b]),
        path,
      ).toEqual([
        ['1', 'x'],
        [null, null],
        ['9007199254740993', null],
      ]);
    }
  });

  it('reads every type', async () => {
    const types = {
      f: 'FLOAT',
      n: 'NUMERIC',
      bool: 'BOOLEAN',
      d: 'DATE',
      dt: 'DATETIME',
      ts: 'TIMESTAMP',
      j: 'JSON',
      s: 'STRING',
    };
    const record = {
      f: 1,
      n: 1.1,
      bool: true,
      d: '2026-01-31',
      dt: '2026-01-31T10:00:00',
      ts: '2026-01-31T10:00:00+02:00',
      j: { x: [1, null] },
      s: 5,
    };
    const path = await fixture.put('types.ndjson', `${JSON.stringify(record)}\n`);
    const columns = Object.entries(types).map(([name, type]) => ({ name, type }));
    const { rows } = await fixture.load(columns, [{ path, format: 'ndjson' }]);
    expect(rows).toEqual([
      {
        f: 1,
        n: '1.100000000',
        bool: true,
        d: '2026-01-31',
        dt: '2026-01-31 10:00:00',
        ts: '2026-01-31 08:00:00+00',
        j: '{"x":[1,null]}',
        s: '5',
        _origin: 'here',
        _extra: null,
      },
    ]);
  });

  it.each([
    ['plain', '2024-01-02T03:04:05Z'],
    // Another zone than UTC is read by DuckDB only.
    ['not plain', '2024-01-02T05:04:05+02:00'],
  ])('reads nulls of any type straight into columns, of lines that are %s', async (_, moment) => {
    const types = ['INTEGER', 'NUMERIC', 'FLOAT', 'BOOLEAN', 'DATE', 'DATETIME', 'TIME', 'STRING', 'JSON'];
    const columns = [...types, 'TIMESTAMP'].map((type) => ({ name: type.toLowerCase(), type }));
    const nulls = columns.map(({ name }) => [name, null]);
    const full = {
      ...{ integer: 1, numeric: 1.25, float: 0.5, boolean: true, date: '2024-01-02', time: '03:04:05' },
      ...{ datetime: '2024-01-02 03:04:05', string: 'x', json: { a: [1] }, timestamp: moment },
    };
    const lines = [Object.fromEntries(nulls), full].map((record) => `${JSON.stringify(record)}\n`);
    const path = await fixture.put('nulls.ndjson', lines.join(''));
    const statements = vi.spyOn(fixture.connection, 'run');
    const loaded = await fixture.load(columns, [{ path, format: 'ndjson' }]);
    const made = statements.mock.calls
      .map(([sql]) => sql)
      .filter((sql) => sql.startsWith('create temp table'));
    statements.mockRestore();
    // The stage alone: a look at each record would make tables of its own.
    expect(made.length).toBe(1);
    const own = (row: Record<string, unknown> = {}) => columns.map(({ name }) => row[name]);
    const moments = ['2024-01-02 03:04:05', '03:04:05'];
    expect(loaded.rows.map(own)).toEqual([
      columns.map(() => null),
      ['1', '1.250000000', 0.5, true, '2024-01-02', ...moments, 'x', '{"a":[1]}', `${moments[0]}+00`],
    ]);
  });

  it('takes records out of a field, at any depth, with records and lists inside', async () => {
    const document = {
      meta: { n: 2 },
      data: {
        'the list': [
          {
            id: 'x',
            properties: { mag: 1.5, 'the count': 3 },
            places: [1, 2.5],
            items: [{ n: 1 }, { n: 2 }],
          },
          { id: 'y', properties: null, items: [] },
        ],
      },
    };
    const path = await fixture.put('nested.json', JSON.stringify(document, undefined, 2));
    const loaded = await fixture.load(nested, [{ path, format: 'json', records: 'data.the list' }]);
    expect(loaded).toMatchObject({ read: 2, staged: 2, drift: [] });
    expect(loaded.rows).toEqual([
      {
        id: 'x',
        properties: { mag: 1.5, count: '3' },
        places: [1, 2.5],
        items: [{ n: '1' }, { n: '2' }],
        _origin: 'here',
        _extra: null,
      },
      { id: 'y', properties: null, places: [], items: [], _origin: 'here', _extra: null },
    ]);
  });

  it('says what the top level has when "records" names no list', async () => {
    const path = await fixture.put('events.json', '{"events":[{"id":"x"}],"type":"t"}');
    await expect(fixture.load(nested, [{ path, format: 'json', records: 'features' }])).rejects.toThrow(
      `[t] ${path} has no list in the field that "records" of the table names: got "features"; name the field that holds the list; the top level has events, type`,
    );
    await expect(fixture.load(nested, [{ path, format: 'json' }])).rejects.toThrow(
      `[t] ${path} has none of the columns of schemas/files/t.json: got ["events","type"]; set "records" of the table to the field that holds the records, or correct the schema file`,
    );
  });

  it('keeps unknown fields in _extra, also inside records, and reports them as drift', async () => {
    const path = await fixture.put(
      'extra.ndjson',
      '{"id":"x","new":{"k":1},"properties":{"mag":1,"felt":7}}\n{"id":"y","items":[{"n":1,"colour":"red"}]}\n{"id":"z","new":null}\n',
    );
    const loaded = await fixture.load(nested, [{ path, format: 'ndjson' }]);
    expect(loaded).toMatchObject({ read: 3, staged: 3, quarantined: [] });
    expect(loaded.rows.map(({ _extra }) => JSON.parse(String(_extra)))).toEqual([
      { new: { k: 1 }, 'properties.felt': 7, items: null },
      { new: null, 'properties.felt': null, items: [{ n: 1, colour: 'red' }] },
      { new: null, 'properties.felt': null, items: null },
    ]);
    expect(loaded.drift).toEqual([
      { field: 'new', suggested: { name: 'new', type: 'JSON', mode: 'NULLABLE' }, rows: 1 },
      {
        field: 'properties.felt',
        suggested: { name: 'felt', type: 'INTEGER', mode: 'NULLABLE' },
        rows: 1,
      },
      {
        field: 'items',
        suggested: { name: 'items_2', type: 'JSON', mode: 'NULLABLE', sourceName: 'items' },
        rows: 1,
      },
    ]);
  });

  it('finds an unknown field that only the last of many records has', async () => {
    const lines = Array.from({ length: 60_000 }, (_, a) => `{"a":${a}}\n`).join('');
    const path = await fixture.put('late.ndjson', `${lines}{"a":1,"late":true}\n`);
    const loaded = await fixture.load(ab, [{ path, format: 'ndjson' }]);
    expect(loaded).toMatchObject({ read: 60_001, staged: 60_001 });
    expect(loaded.drift).toEqual([
      { field: 'late', suggested: { name: 'late', type: 'BOOLEAN', mode: 'NULLABLE' }, rows: 1 },
    ]);
  });

  it('quarantines what breaks the schema, and lines that are no JSON', async () => {
    const path = await fixture.put(
      'bad.ndjson',
      '{"a":1}\n{"a":"secret-text"}\n{"a":2,\n{"a":1.5}\n[1]\nnull\n{"a":true}\n{"a":{"x":1}}\n{"a":"12"}\n{"b":["x"]}\n{"a":3}\n',
    );
    const loaded = await fixture.load(ab, [{ path, format: 'ndjson' }]);
    expect(loaded).toMatchObject({ read: 11, staged: 3 });
    expect(loaded.rows.map(({ a }) => a)).toEqual(['1', '12', '3']);
    const [integer, object] = ['is not a whole number of 64 bits', 'is not a JSON object'];
    expect(loaded.quarantined.map(({ row, path: at, reason }) => [row, at, reason])).toEqual([
      [1, 'a', integer],
      [2, '', object],
      [3, 'a', integer],
      [4, '', object],
      [5, '', object],
      [6, 'a', integer],
      [7, 'a', integer],
      [9, 'b', 'is not text'],
    ]);
    expect(loaded.quarantined[0]?.masked).toBe('se*******xt');
  });

  it('quarantines records with a bad value inside, and names its place', async () => {
    const path = await fixture.put(
      'deep.ndjson',
      [
        { id: 'ok', properties: { mag: 1 } },
        { properties: {} },
        { id: 'a', properties: 'none' },
        { id: 'b', properties: { mag: 'big' } },
        { id: 'c', places: 5 },
        { id: 'd', places: [1, null] },
        { id: 'e', items: [{ n: 1 }, {}] },
      ]
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    );
    const loaded = await fixture.load(nested, [{ path, format: 'ndjson' }]);
    expect(loaded).toMatchObject({ read: 7, staged: 1 });
    expect(loaded.quarantined.map(({ row, path: at, reason }) => [row, at, reason])).toEqual([
      [1, 'id', 'is required and missing'],
      [2, 'properties', 'is not a record'],
      [3, 'properties.mag', 'is not a number'],
      [4, 'places', 'is not a list'],
      [5, 'places', 'has an item that is not a number'],
      [6, 'items', 'has an item that is not a record'],
    ]);
  });

  it('reads names with quotes, dots and slashes, and names that differ in case only', async () => {
    const path = await fixture.put('names.ndjson', '{"a.b":1,"c\\"d/e~f":2,"X":3,"x":4}\n');
    const columns = [
      { name: 'one', type: 'INTEGER', sourceName: 'a.b' },
      { name: 'two', type: 'INTEGER', sourceName: 'c"d/e~f' },
      { name: 'x', type: 'INTEGER' },
      { name: 'upper', type: 'INTEGER', sourceName: 'X' },
    ];
    const { rows } = await fixture.load(columns, [{ path, format: 'ndjson' }]);
    expect(rows).toEqual([{ one: '1', two: '2', x: '4', upper: '3', _origin: 'here', _extra: null }]);
  });

  it('loads real records with many fields inside in little memory', async () => {
    const small = await openFixture('64MB');
    const columns = JSON.parse(await readFile(join(root, 'schemas/files/earthquakes.json'), 'utf8'));
    const path = join(root, 'node_modules/vega-datasets/data/earthquakes.json');
    const loaded = await small.load(columns, [{ path, format: 'json', records: 'features' }]);
    expect(loaded).toMatchObject({ read: 1707, staged: 1707, drift: [] });
    expect(loaded.rows[0]).toMatchObject({
      id: 'ci37868143',
      properties: { mag: 2, time: '1517966773840', felt: null },
      geometry: { type: 'Point', coordinates: [-118.6671667, 34.4945, 26.49] },
    });
    await small.close();
  });

  it('loads nothing from an empty list', async () => {
    const path = await fixture.put('none.json', '[]');
    expect(await fixture.load(ab, [{ path, format: 'json' }])).toMatchObject({ read: 0, staged: 0 });
  });
});
