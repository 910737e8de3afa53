import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileRef } from '../../extract.ts';
import type { Column } from '../../schema.ts';
import { checkSchema } from '../../schema.ts';
import { lenientValue } from '../cell-value.ts';
import { inspectFile } from '../inspect-file.ts';
import type { LoadFixture } from '../load-fixture.ts';
import { openFixture } from '../load-fixture.ts';
import { openSearch } from './search.ts';
import { typedForm } from './typed-cells.ts';

let fixture: LoadFixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(() => fixture.close());

const [id, whole, moment, text] = checkSchema(
  [
    { name: 'id', type: 'INTEGER' },
    { name: 'whole', type: 'INTEGER' },
    { name: 'moment', type: 'DATETIME' },
    { name: 'text', type: 'STRING' },
  ],
  'schemas/t.json',
);
if (id === undefined || whole === undefined || moment === undefined || text === undefined)
  throw new Error('a column is missing');

/** Cells to begin with, of which others are made by small changes. */
const seeds = {
  whole: [
    '0',
    '7',
    '-12',
    '12.0',
    '+5',
    '1e3',
    '.5',
    '5.',
    '0x1F',
    '0b11',
    '1_000',
    ' 5 ',
    '9223372036854775807',
  ],
  moment: [
    '2026-01-31 10:00:00',
    '2026-01-31T10:00:00Z',
    '2026-1-2 1:2:3+02',
    '2026-01-31 10:00:00-0530',
    '2026-01-31 10:00:00.123456-05:30',
    '2026-01-31 10:00:00 UTC',
    '2026-01-31 10:00',
    '2026-01-31',
    'infinity',
    'epoch',
    '0000-01-31 10:00:00',
    '00009-01-31 10:00:00',
  ],
} as const;

const pieces = [
  '',
  '0',
  '9',
  '-',
  '+',
  '.',
  'e',
  'E1',
  'o',
  'x',
  'b',
  ':',
  ' ',
  '\t',
  'T',
  'Z',
  'z',
  '+02',
  ' -02',
  '-02:00',
  ' UTC',
  'UTC',
  '_',
  '(BC)',
];

function mutationsOf(all: readonly string[]): string[] {
  const texts = new Set<string>(all);
  for (const seed of all)
    for (let at = 0; at <= seed.length; at += 1)
      for (const piece of pieces)
        for (const taken of [0, 1, 2]) texts.add(seed.slice(0, at) + piece + seed.slice(at + taken));
  texts.delete('');
  return [...texts];
}

/** What the search says of a file. */
function search(
  columns: readonly (Column | undefined)[],
  content: string,
  { step = 1000, hasHeader = false, nullMarker = 'none' } = {},
): boolean {
  const form = { columns, delimiter: ',', quote: '"', nullMarker };
  const found = openSearch(form, { roomBytes: 2000, hasHeader });
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += step)
    if (!found.look(bytes.copy(found.room(), 0, at, at + step), false)) return false;
  return found.look(0, true);
}

describe.each([
  ['INTEGER', whole, 'BIGINT', seeds.whole],
  ['DATETIME', moment, 'TIMESTAMP', seeds.moment],
] as const)('a cell of a %s column that the reader makes a value of', (_, column, type, all) => {
  it.each(['', '"'])('is the value of a close look, or found, between quotes %j', async (quote) => {
    const texts = mutationsOf(all);
    const path = await fixture.put(
      'cells.csv',
      texts.map((cell, index) => `${index},${quote}${cell}${quote}\n`).join(''),
    );
    const reader = await fixture.connection.runAndReadAll(
      `with cells as (select unnest(from_json($1, '["VARCHAR"]')) as c, unnest(range(${texts.length})) as id)
       select c, typed.value::varchar as typed, (${lenientValue(column, 'c')})::varchar as close
       from cells join read_csv('${path}', auto_detect=false, header=false, columns={'id': 'BIGINT', 'value': '${type}'}, delim=',', quote='"', escape='"', nullstr=[''], allow_quoted_nulls=false, strict_mode=true, ignore_errors=true) typed using (id)`,
      [JSON.stringify(texts)],
    );
    const rows = reader.getRowObjectsJson();
    expect(rows.length).toBeGreaterThan(100);
    const wrong = rows.filter(({ typed, close }) => typed !== close).map(({ c }) => String(c));
    expect(wrong.length).toBeGreaterThan(10);
    expect(wrong.filter((cell) => search([undefined, column], `x,${quote}${cell}${quote}\n`))).toEqual([]);
  });
});

describe('the search', () => {
  const columns = [whole, moment, undefined];

  it('passes what is written as most write it, and whatever other columns hold', () => {
    const rows = [
      '-7,2026-01-31 10:00:00,1.5',
      '12.0,2026-01-31T10:00:00,0x1F',
      ',,10:00-02',
      '5,,"a,""1.5"""',
      'none,none,UTC',
    ];
    for (const end of ['\n', '\r\n'])
      for (const last of ['', end])
        for (const step of [1, 3, 16, 1000])
          expect(search(columns, rows.join(end) + last, { step })).toBe(true);
  });

  it.each(['1.5', '1e3', '.5', '-.5', '1_0', '0x1', '0B1', '- ', '+\t', '"1.5"', '"none"'])(
    'finds %j wherever a chunk ends',
    (cell) => {
      for (const step of [1, 2, 3, 5, 16, 17, 1000])
        for (let before = 0; before < 20; before += 1) {
          const good = '1,2026-01-31 10:00:00,x\n'.repeat(3);
          const content = `${good}4,,${'y'.repeat(before)}\n${cell},,\n`;
          expect(search(columns, content, { step })).toBe(false);
        }
    },
  );

  it('leaves out the header, and what is a header by its place only', () => {
    expect(search(columns, '1.5,x,y\n5,,\n', { hasHeader: true })).toBe(true);
    expect(search(columns, 'a,b,c\n1.5,,\n', { hasHeader: true })).toBe(false);
    expect(search(columns, '1.5,x,y\n5,,\n')).toBe(false);
  });

  it('knows a quoted cell of many lines from records', () => {
    for (const step of [1, 7, 1000]) {
      expect(search(columns, '1,,"a\n1.5,,\n"\n2,,z\n', { step })).toBe(true);
      expect(search(columns, '1,,"a\nb"\n1.5,,z\n', { step })).toBe(false);
    }
  });

  it.each([
    ['a quote within a cell', '1,,a"b\n'],
    ['something behind a quote', '1,,"a"b\n'],
    ['a quote that never ends', '1,,"a\n'],
    ['a cell too few', '1,"a"\n'],
    ['a cell too many', '1,,"a",\n'],
    ['a line that ends as no other', '1,,"a"\r2,,b\n'],
  ])('leaves %s to a close look', (_, content) => {
    expect(search(columns, content)).toBe(false);
  });
});

describe('whether columns are read by their types', () => {
  const columns = [whole, moment, text];
  const formOf = async (
    ref: Partial<FileRef>,
    line: string,
    others: readonly (Column | undefined)[] = columns,
  ) => {
    const path = await fixture.put('head.csv', `whole,moment,text\n${line.repeat(1000)}`);
    return typedForm(await inspectFile({ path, format: 'csv', ...ref }, 't'), others);
  };

  it('says for each cell what is to be searched for', async () => {
    expect(await formOf({ nullMarker: 'NA' }, '1,2026-01-31 10:00:00,x\n')).toEqual({
      columns: [whole, moment, undefined],
      delimiter: ',',
      quote: '"',
      nullMarker: 'NA',
    });
  });

  it.each<[string, Partial<FileRef>, string]>([
    ['a text takes longer to search than its row to cast', {}, `1,2026-01-31 10:00:00,${'x'.repeat(100)}\n`],
    ['many records would be looked at closely', {}, '1,2026-01-31 10:00:00,a1e5\n'],
    ['a cell of the beginning is bad', {}, '1.5,2026-01-31 10:00:00,x\n'],
    ['the file has another encoding', { encoding: 'latin-1' }, '1,2026-01-31 10:00:00,x\n'],
    ['a delimiter is longer than a byte', { delimiter: '||' }, '1||2026-01-31 10:00:00||x\n'],
    ['there is no quote', { quote: '' }, '1,2026-01-31 10:00:00,x\n'],
  ])('says no where %s', async (_, ref, line) => {
    expect(await formOf(ref, line)).toBeUndefined();
  });

  it('says no to a packed file, and where no column gains by it', async () => {
    const path = await fixture.put('head.csv.gz', gzipSync(`whole,moment,text\n${'1,,x\n'.repeat(1000)}`));
    expect(typedForm(await inspectFile({ path, format: 'csv' }, 't'), columns)).toBeUndefined();
    const line = '1,2026-01-31 10:00:00,x\n';
    const written = { ...moment, format: '%Y-%m-%d %H:%M:%S' };
    expect(await formOf({}, line, [text, written, undefined])).toBeUndefined();
  });
});
