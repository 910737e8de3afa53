import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileRef } from '../../extract.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Warehouse } from '../warehouse.ts';
import { commitStage, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
});

afterEach(async () => {
  await fixture.emulator.close();
});

function put(name: string, content: string | Buffer): string {
  fixture.emulator.objects.set(`gs://bucket/${name}`, Buffer.from(content));
  return `gs://bucket/${name}`;
}

async function load(files: readonly FileRef[], table: TableTarget = target) {
  const lease = await takeLease(warehouse);
  await warehouse.prepare([table]);
  const stage = await warehouse.openStage(table, 'acc');
  const loaded = await stage.load(files);
  const outcome = await commitStage(warehouse, lease, stage);
  await stage.discard();
  const { rows } = await warehouse.query('SELECT * FROM ads ORDER BY 1, 2');
  return { loaded, outcome, rows };
}

const nullable = (name: string, type: Column['type']): Column => ({ name, type, mode: 'NULLABLE' });

describe('JSON Lines in a bucket', () => {
  const nested: Column[] = [
    ...target.columns,
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    {
      name: 'part',
      type: 'RECORD',
      mode: 'NULLABLE',
      fields: [
        nullable('n', 'INTEGER'),
        { ...nullable('at', 'TIMESTAMP'), sourceName: 'when' },
        { name: 'free', type: 'JSON', mode: 'NULLABLE' },
      ],
    },
    {
      name: 'items',
      type: 'RECORD',
      mode: 'REPEATED',
      fields: [
        { name: 'sku', type: 'STRING', mode: 'REQUIRED' },
        nullable('price', 'NUMERIC'),
        { name: 'sizes', type: 'INTEGER', mode: 'REPEATED' },
      ],
    },
  ];
  const item = (sku: string | null, price: string | null, sizes: readonly number[]) => ({
    sku,
    price,
    sizes,
  });

  it('hold lists and records, at any depth and with all digits', async () => {
    const path = put(
      'a.ndjson',
      '{"day":"2026-11-01","id":"a","tags":["x","y, z",""],"part":{"n":9223372036854775807,"when":"2026-11-01 10:00","free":{"a":[1]}},' +
        '"items":[{"sku":"s1","price":0.123456789,"sizes":[1,2]},{"sku":"s2"}]}\n' +
        '{"day":"2026-11-02","id":"b","tags":null,"part":null}\n',
    );
    const { loaded, rows } = await load([{ path, format: 'ndjson' }], { ...target, columns: nested });
    expect(rows).toEqual([
      [
        ...['2026-11-01', 'a', null],
        ['x', 'y, z', ''],
        { n: '9223372036854775807', at: '2026-11-01 10:00:00+00', free: '{"a":[1]}' },
        [item('s1', '0.123456789', [1, 2]), item('s2', null, [])],
        ...['acc', null],
      ],
      ['2026-11-02', 'b', null, [], null, [], 'acc', null],
    ]);
    expect(loaded).toMatchObject({ read: 2, quarantined: [], drift: [] });
  });

  it('send rows back whose lists and records break the schema, and say where', async () => {
    const lines = [
      '"tags":"x"',
      '"tags":["x",["y"]]',
      '"tags":["x",null]',
      '"part":[1]',
      '"part":{"n":1.5}',
      '"items":[{"sku":"s","price":"dear"}]',
      '"items":[{"price":1}]',
      '"items":[{"sku":"s","sizes":[1,"two"]}]',
    ];
    const path = put(
      'a.ndjson',
      lines.map((line, index) => `{"day":"2026-11-01","id":"${index}",${line}}\n`).join(''),
    );
    const { loaded, rows } = await load(
      [
        { path, format: 'ndjson' },
        { path: put('b.ndjson', '{"day":"2026-11-02","id":"good"}\n'), format: 'ndjson' },
      ],
      { ...target, columns: nested },
    );
    expect(rows.map(([, id]) => id)).toEqual(['good']);
    expect(loaded.quarantined.map(({ path: at, reason }) => `${at} ${reason}`).sort()).toEqual([
      'items has an item that is not a record',
      'items has an item that is not a record',
      'items has an item that is not a record',
      'part is not a record',
      'part.n is not a whole number of 64 bits',
      'tags has an item that is not text',
      'tags has an item that is not text',
      'tags is not a list',
    ]);
  });

  it('keep a list or record whole in _extra where it has fields without a column, and report each', async () => {
    const path = put(
      'a.ndjson',
      '{"day":"2026-11-01","id":"a","part":{"n":1,"more":{"x":1}},"items":[{"sku":"s"},{"sku":"t","colour":"red"}]}\n' +
        '{"day":"2026-11-01","id":"b","part":{"n":2,"free":{"any":1}},"items":[{"sku":"u"}]}\n',
    );
    const { loaded, rows } = await load([{ path, format: 'ndjson' }], { ...target, columns: nested });
    expect(rows.map((row) => [row[1], row[5], JSON.parse(String(row[7]))])).toEqual([
      [
        'a',
        [item('s', null, []), item('t', null, [])],
        {
          part: { n: 1, more: { x: 1 } },
          items: [{ sku: 's' }, { sku: 't', colour: 'red' }],
        },
      ],
      ['b', [item('u', null, [])], null],
    ]);
    expect(loaded.drift.map(({ field, suggested, rows: count }) => [field, suggested.type, count])).toEqual([
      ['part.more', 'JSON', 1],
      ['items.colour', 'STRING', 1],
    ]);
  });
});
