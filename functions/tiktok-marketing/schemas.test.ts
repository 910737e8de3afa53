import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { Row } from '../core/extract.ts';
import { createRowChecker } from '../core/rows/check.ts';
import { parseSchema } from '../core/schema.ts';
import { openReader, type Reader } from './testing.ts';

const advertisers = ['7000000000000000001', '7000000000000000002'];
const week = { start: '2026-11-13', end: '2026-11-19' };
const opened: Reader[] = [];

afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});

async function open(fault?: string): Promise<Reader> {
  const reader = await openReader(fault === undefined ? {} : { fault });
  opened.push(reader);
  return reader;
}

function check(table: string, rows: readonly Row[]) {
  const path = `schemas/tiktok-marketing/${table}.json`;
  const columns = parseSchema(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), path);
  const checker = createRowChecker(columns, { origin: 'test' });
  const { batch, quarantined } = checker.check(rows);
  const empty = columns.filter((_, index) => batch.values[index]?.every((value) => value === null));
  return { quarantined, drift: checker.drift(), empty: empty.map(({ name }) => name), batch };
}

test.each(['ad_report_daily', 'campaigns', 'adgroups', 'ads', 'advertisers'] as const)(
  'all rows of %s keep to its schema file, and fill each of its columns',
  async (table) => {
    const { report, snapshot } = await open();
    const rows: Row[] = [];
    for (const origin of advertisers) {
      const slice = table === 'ad_report_daily' ? report(origin, week) : snapshot(table, origin);
      rows.push(...(await slice).rows);
    }
    const { quarantined, drift, empty } = check(table, rows);
    expect({ quarantined, drift, empty }).toEqual({ quarantined: [], drift: [], empty: [] });
  },
);

test('one garbage cell costs one row, and the others are kept', async () => {
  const { report } = await open('garbage-cell');
  const { rows, total } = await report('7000000000000000001', week);
  const { quarantined, batch } = check('ad_report_daily', rows);
  expect(quarantined.map(({ path }) => path)).toEqual(['IMPRESSIONS']);
  expect(batch.rows).toBe((total ?? 0) - 1);
});

test('a new field is drift of its table and no reason to lose rows', async () => {
  const { snapshot } = await open('new-field');
  const { quarantined, drift } = check('ads', (await snapshot('ads', '7000000000000000001')).rows);
  expect(quarantined).toEqual([]);
  expect(drift.map(({ field, suggested, rows }) => ({ field, type: suggested.type, rows }))).toEqual([
    { field: 'aigc_disclosure_type', type: 'STRING', rows: 6 },
  ]);
});
