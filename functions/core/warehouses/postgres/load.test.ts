import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FileRef } from '../../extract.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { useServer } from './testing.ts';

const fixture = useServer();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-load-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const target = items({
  ...{ key: [], writeMode: 'append' },
  columns: [column('id', 'INTEGER', 'REQUIRED'), column('name', 'STRING'), column('price', 'NUMERIC')],
});

/** Loads one file and gives what is in the table then, and what the load told. */
async function load(name: string, content: string | Buffer, ref: Partial<FileRef> = {}, into = target) {
  const bench = await openBench((place) => fixture.open(place));
  const path = join(folder, name);
  await writeFile(path, content);
  await bench.warehouse.prepare([into]);
  const stage = await bench.warehouse.openStage(into, 'a');
  const loaded = await stage.load([{ path, format: 'csv', ...ref }]);
  expect(stage.rows).toBe(loaded.read - loaded.quarantined.length);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
  const names = into.columns.map((each) => each.name).join(', ');
  return { loaded, rows: await bench.rows(`select ${names}, _origin from conformance.items order by id`) };
}

it('loads CSV as it is: columns by header, quotes, line ends in cells, empty cells as NULL', async () => {
  const text = 'price,name,id\n1.5,"a ""b""\nc, 日本語",1\n,"",2\n2,,3';
  const { loaded, rows } = await load('plain.csv', text);
  expect(loaded).toMatchObject({ read: 3, bytes: Buffer.byteLength(text), quarantined: [], drift: [] });
  expect(rows).toEqual([
    [1, 'a "b"\nc, 日本語', '1.500000000', 'a'],
    [2, '', null, 'a'],
    [3, null, '2.000000000', 'a'],
  ]);
});

it('takes the dialect of the file', async () => {
  const ref = { header: false, delimiter: ';', quote: "'" };
  expect((await load('dialect.csv', "1;'a;b';2\n2;c;3\n", ref)).rows).toEqual([
    [1, 'a;b', '2.000000000', 'a'],
    [2, 'c', '3.000000000', 'a'],
  ]);
  expect((await load('tabs.tsv', 'id\tname\n1\ta,b\n')).rows).toEqual([[1, 'a,b', null, 'a']]);
});

it('sends bad rows of a CSV file to quarantine and loads the others', async () => {
  const { loaded, rows } = await load('bad.csv', 'id,name,price\n1,a,1\ntwo,b,2\n,c,3\n4,d,4\n');
  expect(loaded.quarantined.map(({ row, path }) => [row, path])).toEqual([
    [1, 'id'],
    [2, 'id'],
  ]);
  expect(rows).toEqual([
    [1, 'a', '1.000000000', 'a'],
    [4, 'd', '4.000000000', 'a'],
  ]);
});

it('keeps fields that the schema file does not name, and tells them', async () => {
  const { loaded, rows } = await load('drift.csv', 'id,colour\n1,red\n');
  expect(loaded.drift.map(({ field }) => field)).toEqual(['colour']);
  expect(rows).toEqual([[1, null, null, 'a']]);
});

it('loads JSON lines, packed files and dates through the checked reader', async () => {
  const dated = { ...target, columns: [...target.columns, column('day', 'DATE'), column('raw', 'BYTES')] };
  const lines = [
    '{"id": 1, "name": "a", "day": "2026-11-01", "raw": "AP8="}',
    '{"id": 2, "price": 0.5}',
  ].join('\n');
  expect((await load('rows.ndjson.gz', gzipSync(lines), { format: 'ndjson' }, dated)).rows).toEqual([
    [1, 'a', null, '2026-11-01', '\\x00ff', 'a'],
    [2, null, '0.500000000', null, null, 'a'],
  ]);
});

it('gives the origin of a file to its own rows only, also in a table that is new', async () => {
  const into = { ...target, writeMode: 'replace' as const };
  const bench = await openBench((place) => fixture.open(place));
  const path = join(folder, 'origin.csv');
  await writeFile(path, 'id,name\n1,a\n');
  await bench.warehouse.prepare([into]);
  const stage = await bench.warehouse.openStage(into, "here's");
  await stage.load([{ path, format: 'csv' }]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'replace' }));
  await stage.discard();
  expect(await bench.rows('select id, _origin from conformance.items')).toEqual([[1, "here's"]]);
  const defaults = `select column_default like '%current_setting%' from information_schema.columns where table_schema = 'conformance' and column_name = '_origin'`;
  expect(await bench.rows(defaults)).toEqual([[true]]);
});

it('gives the same rows whether COPY reads a file or the checked reader does, hard cells too', async () => {
  const made = [
    ...[
      column('amount', 'NUMERIC'),
      column('rate', 'FLOAT'),
      column('is_paid', 'BOOLEAN'),
      column('day', 'DATE'),
    ],
    ...[
      column('at', 'TIME'),
      column('placed', 'DATETIME'),
      column('moment', 'TIMESTAMP'),
      column('note', 'STRING'),
    ],
  ];
  const into = { ...target, columns: [column('id', 'INTEGER', 'REQUIRED'), ...made] };
  const good = [
    '1,1.5,2.5e-3,true,2024-02-29,23:59:59.000001,2024-02-29 00:00:00,2024-02-29T23:59:59.9,"a,""b""\r\nc"',
    '2,,,,,,,,""',
    '3,-0.000000001,-0,false,0001-01-01,00:00:00,9999-12-31T23:59:59.999999,1969-12-31 23:59:59.999999,\u00a0 x ',
  ];
  // Each makes the whole file take the other way, and most of them are quarantined there.
  const odd = [
    ...['4,1.1234567891', '4,NaN', '4,,NaN', '4,,inf', '4,,,yes', '4,,,t', '4,,,,today', '4,,,,1/8/1999'],
    ...[
      '4,,,,,24:00:00',
      '4,,,,,12:00:60',
      '4,,,,,,2024-01-01 00:00:00+02',
      '4,,,,,,infinity',
      '4,,,,,,2024-01-01 24:00:00',
    ],
    ...['4,,,,,,,now', '4,,,,,,,2024-01-01 00:00:00+02', '4,,,,,,2024-1-1 1:2:3', ' 4 ', '4.0', '0x4', '\\.'],
  ].map((cells) => `${cells}${','.repeat(8 - cells.split(',').length + 1)}`);
  const header = into.columns.map(({ name }) => name).join(',');
  for (const [index, lines] of [good, ...odd.map((line) => [...good.slice(0, 1), line])].entries()) {
    const text = `${[header, ...lines].join('\n')}\n`;
    const asItIs = await load(`odd-${index}.csv`, text, {}, into);
    const checked = await load(`odd-${index}.csv.gz`, gzipSync(text), {}, into);
    const flaws = asItIs.loaded.quarantined.map(({ row, path, reason }) => ({ row, path, reason }));
    expect([lines.at(-1), asItIs.rows, flaws]).toEqual([
      lines.at(-1),
      checked.rows,
      checked.loaded.quarantined.map(({ row, path, reason }) => ({ row, path, reason })),
    ]);
  }
}, 120_000);

const wide = items({
  ...{ key: [], writeMode: 'append' },
  columns: [
    column('id', 'INTEGER', 'REQUIRED'),
    ...[column('price', 'NUMERIC'), column('rate', 'FLOAT'), column('is_paid', 'BOOLEAN')],
    ...[column('day', 'DATE'), column('opens', 'TIME'), column('placed', 'DATETIME')],
    ...[column('moment', 'TIMESTAMP'), column('note', 'STRING'), column('more', 'JSON')],
  ],
});

it('makes the same table of JSON Lines as the checked reader', async () => {
  const records = [
    {
      id: 1,
      price: -1.5,
      rate: 1e-7,
      is_paid: true,
      day: '2024-02-29',
      opens: '23:59:59.5',
      placed: '2024-01-01T00:00:00',
    },
    {
      id: 2,
      moment: '2024-01-01 00:00:00.000001Z',
      note: 'tab\t"é🛰\\N\n\\.\r\u0001',
      more: { a: ['x\\"y\n', 1.5, null] },
    },
    { id: 3, note: '', is_paid: false, more: [] },
    { id: 4, note: null, price: null, more: null },
    { id: 5, note: '\\N' },
  ];
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const direct = await load('wide.ndjson', text, { format: 'ndjson' }, wide);
  const checked = await load('wide.ndjson.gz', gzipSync(text), { format: 'ndjson' }, wide);
  expect(direct.loaded).toMatchObject({ read: 5, bytes: Buffer.byteLength(text), quarantined: [] });
  expect(direct.rows).toEqual(checked.rows);
});

it('says the same of a JSON line that does not fit as the checked reader', async () => {
  const text = '{"id":1}\n{"id":"x"}\n{"id":2,"price":1.1234567891}\n{"id":3,"note":"good"}\n';
  const direct = await load('odd.ndjson', text, { format: 'ndjson' }, wide);
  const checked = await load('odd.ndjson.gz', gzipSync(text), { format: 'ndjson' }, wide);
  expect(direct.loaded.quarantined).toHaveLength(2);
  expect(direct.loaded.quarantined).toEqual(checked.loaded.quarantined);
  expect(direct.rows).toEqual(checked.rows);
});
