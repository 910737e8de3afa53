import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Warehouse } from '../warehouse.ts';
import { momentText, readCell } from './cells.ts';
import { quoteWideNumbers } from './ndjson.ts';
import { commitRows, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
});

afterEach(async () => {
  await fixture.emulator.close();
});

const nullable = (name: string, type: Column['type']): Column => ({ name, type, mode: 'NULLABLE' });

const everything: TableTarget = {
  ...target,
  key: ['id', 'real'],
  columns: [
    nullable('day', 'DATE'),
    nullable('id', 'STRING'),
    nullable('bytes', 'BYTES'),
    nullable('whole', 'INTEGER'),
    nullable('real', 'FLOAT'),
    nullable('exact', 'NUMERIC'),
    nullable('wide', 'BIGNUMERIC'),
    nullable('is_on', 'BOOLEAN'),
    nullable('at_time', 'TIME'),
    nullable('local', 'DATETIME'),
    nullable('moment', 'TIMESTAMP'),
    nullable('free', 'JSON'),
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    {
      name: 'parts',
      type: 'RECORD',
      mode: 'REPEATED',
      fields: [
        nullable('n', 'INTEGER'),
        nullable('note', 'JSON'),
        { name: 'inner', type: 'RECORD', mode: 'NULLABLE', fields: [nullable('moment', 'TIMESTAMP')] },
      ],
    },
  ],
};

const row = {
  day: '0001-01-01',
  id: '日本語 "x" \\ \n',
  bytes: Buffer.from([0, 255, 10]),
  whole: 9223372036854775807n,
  real: 0.1,
  exact: '12345678901234567890123456789.123456789',
  wide: '1.00000000000000000000000000000000000001',
  is_on: true,
  at_time: '23:59:59.999999',
  local: '2026-11-01 10:00:00.000001',
  moment: '2026-11-01T10:00:00.000001Z',
  free: { big: 12345678901234567890123n, list: [1, 'a'] },
  tags: ['a', ''],
  parts: [
    { n: 1, note: { a: [true] }, inner: { moment: '1969-12-31T23:59:59.999999Z' } },
    { n: null, note: 'text', inner: null },
  ],
};

it('keeps values of every type, deep in lists and records too', async () => {
  const lease = await takeLease(warehouse);
  await warehouse.prepare([everything]);
  const empty = { id: 'empty' };
  expect(await commitRows(warehouse, lease, [row, empty], { target: everything })).toMatchObject({
    inserted: 2,
  });
  const again = await commitRows(warehouse, lease, [row, empty], { target: everything, sliceId: 's2' });
  expect(again).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
  const { rows, columns } = await warehouse.query('SELECT * FROM ads ORDER BY id');
  const read = rows.map((each) => Object.fromEntries(columns.map((name, index) => [name, each[index]])));
  const [blank, full] = read;
  expect(blank).toMatchObject({ id: 'empty', moment: null, free: null, tags: [], parts: [] });
  expect(full).toMatchObject({
    day: '0001-01-01',
    id: row.id,
    bytes: 'AP8K',
    whole: '9223372036854775807',
    real: 0.1,
    exact: row.exact,
    wide: row.wide,
    is_on: true,
    at_time: '23:59:59.999999',
    local: '2026-11-01 10:00:00.000001',
    moment: '2026-11-01 10:00:00.000001+00',
    free: '{"big":"12345678901234567890123","list":[1,"a"]}',
    tags: ['a', ''],
    parts: [
      { n: 1, note: '{"a":[true]}', inner: { moment: '1969-12-31 23:59:59.999999+00' } },
      { n: null, note: '"text"', inner: null },
    ],
  });
});

it('loads a large slice in parts and keeps the order of its rows', async () => {
  const small = fixture.open({ partBytes: 2_000 });
  const lease = await takeLease(small);
  await small.prepare([target]);
  const stage = await small.openStage(target, 'acc');
  for (let batch = 0; batch < 8; batch += 1) {
    const ids = Array.from({ length: 1000 }, (_, index) => `${index}`);
    const values = ids.map((id) => BigInt(batch * 100_000 + Number(id)));
    const nulls = ids.map(() => null);
    await stage.append({ rows: 1000, values: [ids.map(() => '2026-11-01'), ids, values, nulls, nulls] });
  }
  const { slice } = await sliceOf();
  const outcomes = await small.commit({
    lease,
    tables: [{ stage, writeMode: 'merge' }],
    origin: 'acc',
    slice,
    quarantined: [],
    drift: [],
    now: slice.at,
  });
  await stage.discard();
  expect(outcomes).toMatchObject([{ inserted: 1000, duplicates: 7000 }]);
  const loads = fixture.emulator.jobs.all().filter(({ configuration }) => configuration.load !== undefined);
  expect(loads.length).toBeGreaterThan(1);
  expect((await small.query('SELECT min(value), max(value) FROM ads')).rows).toEqual([[700_000, 700_999]]);
  expect(fixture.emulator.catalog.names('marts').filter((name) => name.includes('stage'))).toEqual([]);
});

async function sliceOf() {
  const at = new Date('2026-11-12T06:00:00Z');
  const counts = { rowsRead: 8000, rowsLoaded: 0, rowsQuarantined: 0 };
  const names = { pipeline: 'p', group: 'g', lane: 'incremental', table: 'ads', origin: 'acc' } as const;
  return { slice: { ...names, ...counts, sliceId: 's1', status: 'committed', runId: 'r', at } as const };
}

it('quotes only those numbers of JSON that BigQuery would round', () => {
  const json =
    '{"1e999":1,"a":[0.1,-0,1.50,1E5,18446744073709551615,-9223372036854775808],"s":"9.99999999999999999999 \\" 1"}';
  expect(quoteWideNumbers(json)).toBe(json);
  expect(quoteWideNumbers('[18446744073709551616,0.12345678901234567890,1e999]')).toBe(
    '["18446744073709551616","0.12345678901234567890","1e999"]',
  );
});

it('writes moments before 1970 and without a fraction', () => {
  expect(momentText(-1n)).toBe('1969-12-31 23:59:59.999999+00');
  expect(momentText(0n)).toBe('1970-01-01 00:00:00+00');
});

it('shows numbers that JSON cannot hold as text', () => {
  const field = (type: string) => ({ name: 'x', type, mode: 'NULLABLE' });
  expect(readCell(field('FLOAT'), 'NaN')).toBe('NaN');
  expect(readCell(field('INTEGER'), '9007199254740993')).toBe('9007199254740993');
  expect(readCell(field('INTEGER'), '7')).toBe(7);
  expect(readCell(field('BOOLEAN'), 'false')).toBe(false);
});
