import type { DayWindow } from '../../cursor.ts';
import type { Row } from '../../extract.ts';
import { parseJson } from '../../http/json.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createRowChecker } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import { column, items } from './bench.ts';
import { canonicalText, momentText } from './text.ts';

/** A table with a column of every type. */
export const everything: TableTarget = {
  ...withoutWindow(items()),
  declared: 'everything',
  name: 'everything',
  schema: 'conformance/everything',
  key: ['id'],
  writeMode: 'append',
  columns: [
    column('id', 'INTEGER', 'REQUIRED'),
    column('name', 'STRING'),
    column('big', 'INTEGER'),
    column('amount', 'FLOAT'),
    column('exact', 'NUMERIC'),
    column('wide', 'BIGNUMERIC'),
    column('is_on', 'BOOLEAN'),
    column('on_day', 'DATE'),
    column('at_time', 'TIME'),
    column('local', 'DATETIME'),
    column('moment', 'TIMESTAMP'),
    column('raw', 'BYTES'),
    column('free', 'JSON'),
    column('tags', 'STRING', 'REPEATED'),
    column('numbers', 'INTEGER', 'REPEATED'),
    {
      ...column('place', 'RECORD'),
      fields: [column('city', 'STRING'), column('size', 'INTEGER'), column('seen', 'TIMESTAMP')],
    },
    {
      ...column('parts', 'RECORD', 'REPEATED'),
      fields: [column('n', 'INTEGER'), column('note', 'STRING'), column('price', 'FLOAT')],
    },
  ],
};

function withoutWindow({ windowField: _, ...target }: TableTarget): TableTarget {
  return target;
}

const texts = [
  '\\N',
  'NULL',
  '"',
  '""',
  'a "quoted" text, with commas',
  '\ttabs\tand\nnew\nlines\r\nof both kinds\r',
  '\\ back \\n slash \\\\ \\.',
  "it's",
  'naïve 日本語 🛠 👩‍👩‍👧 \u{10FFFF}',
  ' spaces around ',
  '\\.',
];

/** Rows as an extractor yields them, with the hardest values of each type. */
export const hardRows: readonly Row[] = [
  {
    id: 1,
    name: '',
    big: 9223372036854775807n,
    amount: 0.1,
    exact: '99999999999999999999999999999.999999999',
    wide: '12345678901234567890123456789012345678.12345678901234567890123456789012345678',
    is_on: true,
    on_day: '0001-01-01',
    at_time: '23:59:59.999999',
    local: '1969-12-31 23:59:59.999999',
    moment: '2026-11-01T10:00:00.000001Z',
    raw: Uint8Array.from([0, 9, 10, 13, 34, 44, 92, 127, 128, 255]),
    free: { z: 12345678901234567890n, a: [1, null, 'x "y"\n', { deep: true }], text: '🛠\\N' },
    tags: ['a', '', 'with, "all"\n', '日本語'],
    numbers: [9223372036854775807n, -9223372036854775808n, 0],
    place: { city: '"Rome"\n', size: 9007199254740993n, seen: '2026-11-01T10:00:00.000001Z' },
    parts: [
      { n: 1, note: '', price: 0.1 },
      { n: 2, note: 'x\ty', price: null },
    ],
  },
  {
    id: 2,
    name: null,
    big: -9223372036854775808n,
    amount: -1.7976931348623157e308,
    exact: '-99999999999999999999999999999.999999999',
    wide: '-0.00000000000000000000000000000000000001',
    is_on: false,
    on_day: '9999-12-31',
    at_time: '00:00:00',
    local: '2026-02-28 00:00:00',
    moment: '1969-12-31T23:59:59.999999Z',
    raw: new Uint8Array(0),
    free: 'only a text',
    tags: [],
    numbers: [],
    place: { city: '', size: null, seen: null },
    parts: [],
  },
  {
    id: 3,
    amount: 5e-324,
    exact: '0.000000001',
    wide: '0',
    on_day: '2024-02-29',
    free: [],
    place: { city: null },
  },
  { id: 4 },
  ...texts.map(
    (text, index): Row => ({
      id: 10 + index,
      name: text,
      free: { text },
      tags: [text],
      place: { city: text },
    }),
  ),
];

/** All days of a schema file's DATE. */
export const allDays: DayWindow = { start: '0001-01-01', end: '9999-12-31' };

/** The rows, with days that lie beyond what a warehouse holds moved to the last one that it does. */
export function withinDays(rows: readonly Row[], { start, end }: DayWindow): readonly Row[] {
  return rows.map((row) => {
    const { on_day: day } = row;
    if (typeof day !== 'string') return row;
    return { ...row, on_day: day < start ? start : day > end ? end : day };
  });
}

/** Rows as columns of canonical values. */
export function batchOf(target: TableTarget, rows: readonly Row[], origin = 'a') {
  const { batch, quarantined } = createRowChecker(target.columns, { origin }).check(rows);
  if (quarantined.length > 0) throw new Error(`a row of the test is bad: ${JSON.stringify(quarantined)}`);
  return batch;
}

/** What rows must read as, one object per row, in the form that `comparable` gives. */
export function expectedRows(
  target: TableTarget,
  rows: readonly Row[],
): readonly Readonly<Record<string, unknown>>[] {
  const { values } = batchOf(target, rows);
  return rows.map((_, row) =>
    Object.fromEntries(
      target.columns.map((each, index) => {
        const value = values[index]?.[row] ?? null;
        const isPlain = each.type !== 'RECORD' && each.mode !== 'REPEATED' && each.type !== 'BYTES';
        return [each.name, comparable(isPlain ? canonicalText(value, each) : value, each)];
      }),
    ),
  );
}

/**
 * A value as a query gave it, in a form that does not depend on the engine: digits of numbers without idle zeros, times
 * without idle zeros and zone, JSON with sorted keys, bytes as hexadecimal digits.
 */
export function comparable(value: unknown, { type, mode, fields = [] }: Column): unknown {
  if (mode === 'REPEATED') {
    const list = (typeof value === 'string' ? parseJson(value) : value) ?? [];
    return (list as unknown[]).map((item) => comparable(item, { name: '', type, mode: 'NULLABLE', fields }));
  }
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'RECORD': {
      const record = (typeof value === 'string' ? parseJson(value) : value) as Record<string, unknown>;
      return Object.fromEntries(fields.map((field) => [field.name, comparable(record[field.name], field)]));
    }
    case 'JSON':
      return sorted(typeof value === 'string' ? parseJson(value) : value);
    case 'FLOAT':
      return Number(value);
    case 'BOOLEAN':
      return ['true', 't', '1'].includes(String(value));
    case 'BYTES':
      return hexOf(value);
    case 'DATE':
      return String(value).slice(0, 10);
    case 'INTEGER':
      return String(value);
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return withoutIdleZeros(typeof value === 'number' ? value.toFixed(9) : String(value));
    case 'TIMESTAMP':
      return timeText(typeof value === 'bigint' ? momentText(value) : String(value));
    case 'TIME':
    case 'DATETIME':
      return timeText(String(value));
    default:
      return value;
  }
}

function timeText(text: string): string {
  return withoutIdleZeros(text.replace('T', ' ').replace(/\s*(Z|UTC|\+00(:?00)?)$/, ''));
}

function withoutIdleZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Wide integers are compared by their digits: BigQuery keeps those in JSON as text. */
function sorted(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** Engines show bytes as bytes, hexadecimal digits (with `\x` or without), base64 or with escapes for what is no ASCII. */
function hexOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const text = String(value);
  if (/^(\\x)?([0-9a-f]{2})*$/i.test(text)) return text.replace(/^\\x/, '').toLowerCase();
  if (/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return Buffer.from(text, 'base64').toString('hex');
  const bytes = text.replaceAll(/\\x([0-9A-F]{2})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('hex');
}
