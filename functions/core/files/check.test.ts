import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { items } from '../warehouses/conformance/bench.ts';
import { canonicalText, streamOf, streamOfBatch, textOf } from '../warehouses/conformance/text.ts';
import { batchOf, everything, hardRows } from '../warehouses/conformance/values.ts';
import { checkBytes } from './check-bytes.ts';
import { checkFiles } from './check-files.ts';
import { allColumns } from './types.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-check-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** The rows of the suite as canonical text, with `_origin` and `_extra`. */
function expected() {
  const { values } = batchOf(everything, hardRows);
  const columns = allColumns(everything.columns);
  return hardRows.map((_, row) =>
    columns.map((column, index) => {
      const text = canonicalText(values[index]?.[row], column);
      // DuckDB pads decimals to their scale.
      return column.type === 'NUMERIC' && text !== null ? Number.NaN : text;
    }),
  );
}

it.each(['csv', 'tsv'] as const)(
  'writes checked bytes as the canonical text they came in, as %s',
  async (to) => {
    const stream = streamOfBatch(everything.columns, batchOf(everything, hardRows));
    const checked = await checkBytes({ target: everything, origin: 'a', streams: [stream], to, folder });
    expect(checked).toMatchObject({
      read: hardRows.length,
      rows: hardRows.length,
      quarantined: [],
      drift: [],
    });
    const again = await checkBytes({
      target: everything,
      origin: 'a',
      streams: [
        streamOf(
          allColumns(everything.columns).map(({ name }) => name),
          await parse(checked.path, to),
        ),
      ],
      to,
      folder,
    });
    expect(again.rows).toBe(hardRows.length);
    const rows = await parse(checked.path, to);
    const columns = allColumns(everything.columns);
    expect(
      rows.map((row) =>
        row.map((text, index) => (columns[index]?.type === 'NUMERIC' && text !== null ? Number.NaN : text)),
      ),
    ).toEqual(expected());
    expect(rows.map((row) => row[4])).toEqual([
      '99999999999999999999999999999.999999999',
      '-99999999999999999999999999999.999999999',
      '0.000000001',
      ...hardRows.slice(3).map(() => null),
    ]);
  },
);

it('writes Parquet that holds the columns of the table and the kit’s own', async () => {
  const path = join(folder, 'in.csv');
  await writeFile(path, 'day,id,value,colour\n2026-11-01,x,1,red\n2026-11-02,y,,\n2026-11-03,z,bad,\n');
  const files = [{ path, format: 'csv' }] as const;
  const checked = await checkFiles({ target: items(), origin: 'in.csv', files, to: 'parquet', folder });
  expect(checked).toMatchObject({ read: 3, rows: 2, quarantined: [{ row: 2, path: 'value' }] });
  expect(checked.drift).toMatchObject([{ field: 'colour', rows: 1 }]);
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`from '${checked.path}' order by id`);
  expect(reader.columnNames()).toEqual(['day', 'id', 'value', '_origin', '_extra']);
  expect(reader.getRowsJson()).toEqual([
    ['2026-11-01', 'x', '1', 'in.csv', '{"colour":"red"}'],
    ['2026-11-02', 'y', null, 'in.csv', null],
  ]);
  const packed = await connection.runAndReadAll(
    `select distinct compression from parquet_metadata('${checked.path}')`,
  );
  expect(packed.getRowsJson()).toEqual([['ZSTD']]);
  connection.closeSync();
  instance.closeSync();
});

it('leaves only the file it names, also of many segments and streams', async () => {
  const rows = Array.from({ length: 500 }, (_, index) => ['2026-11-01', `id\n"${index}"`, `${index}`]);
  const streams = [streamOf(['day', 'id', 'value'], rows), streamOf(['day', 'id', 'value'], rows)];
  const request = { target: items(), origin: 'a', streams, to: 'csv', folder, segmentBytes: 700 } as const;
  const checked = await checkBytes(request);
  expect(checked).toMatchObject({ read: 1000, rows: 1000, announced: 1000, quarantined: [] });
  expect(await readdir(folder)).toEqual(['checked.csv']);
  expect((await parse(checked.path, 'csv')).filter((row) => row[1] === 'id\n"7"')).toHaveLength(2);
});

it('places bad rows among all rows, over the ends of segments', async () => {
  const rows = Array.from({ length: 50 }, (_, index) => ['2026-11-01', 'x', index % 20 === 13 ? 'bad' : '1']);
  const streams = [streamOf(['day', 'id', 'value'], rows)];
  const { quarantined } = await checkBytes({
    target: items(),
    origin: 'a',
    streams,
    to: 'tsv',
    folder,
    segmentBytes: 100,
  });
  expect(quarantined.map(({ row }) => row)).toEqual([13, 33]);
});

/** Reads canonical text back, by rules of its own. */
async function parse(path: string, format: 'csv' | 'tsv'): Promise<readonly (readonly (string | null)[])[]> {
  const text = await readFile(path, 'utf8');
  if (format === 'tsv')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t').map((cell) => (cell === '\\N' ? null : plain(cell))));
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  for (let at = 0; at < text.length; ) {
    let cell: string | null;
    if (text[at] === '"') {
      let end = at + 1;
      while (text[end] !== '"' || text[end + 1] === '"') end += text[end] === '"' ? 2 : 1;
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const end = at + text.slice(at).search(/[,\n]/);
      cell = text.slice(at, end) === '\\N' ? null : text.slice(at, end);
      at = end;
    }
    row.push(cell);
    if (text[at] === '\n') {
      rows.push(row);
      row = [];
    }
    at += 1;
  }
  expect(textOf('csv', rows).toString()).toBeTruthy();
  return rows;
}

function plain(cell: string): string {
  const characters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };
  return cell.replaceAll(/\\(.)/g, (_, found: string) => characters[found] ?? found);
}
