import { z } from 'zod';
import type { ExtractOf, Row } from '../../functions/core/extract.ts';
import type { Column } from '../../functions/core/schema.ts';
import { defineSource } from '../../functions/core/source.ts';

/** A source without a vendor: what a day of an account holds is a pure function, so every loss and every double shows. */
export const source = defineSource({
  title: 'Counter',
  docs: 'https://example.com',
  hosts: [],
  runsOn: 'function',
  secret: z.object({}),
  settings: z.object({ accounts: z.array(z.string()) }),
  accounts: 'accounts',
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    append: {
      key: ['day', 'id'],
      writeMode: 'append',
      cursor: { kind: 'window', lag: 1, lookback: 0, maxSpan: 4 },
    },
    merge: {
      key: ['day', 'id'],
      writeMode: 'merge',
      cursor: { kind: 'window', lag: 1, lookback: 2, maxSpan: 4 },
    },
    replaceWindow: {
      key: ['day', 'id'],
      writeMode: 'replaceWindow',
      windowField: 'day',
      cursor: { kind: 'window', lag: 1, lookback: 2, maxSpan: 4 },
    },
    replace: { key: [], writeMode: 'replace', cursor: { kind: 'snapshot' } },
  },
});

export const columns: readonly Column[] = [
  { name: 'day', type: 'DATE', mode: 'REQUIRED' },
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'value', type: 'INTEGER', mode: 'NULLABLE' },
];

/** Rows of one day of one account. */
export function rowsOf(account: string, day: string): Row[] {
  const number = Number(day.slice(-2));
  return [1, 2, 3].map((ad) => ({ day, id: `${account}${ad}`, value: number * 10 + ad }));
}

/** One batch per day, so that a run can die between two of them. */
export const extract: ExtractOf<typeof source> = async function* ({ slice, settings }) {
  if (slice.table === 'replace') {
    for (const account of settings.accounts)
      yield { table: slice.table, rows: rowsOf(account, '2026-11-01') };
    return;
  }
  for (const day of daysOf(slice.window.start, slice.window.end))
    yield { table: slice.table, rows: rowsOf(slice.origin, day), total: 3 };
};

export function daysOf(start: string, end: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(start); at <= Date.parse(end); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
