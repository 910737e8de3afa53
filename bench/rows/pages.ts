import type { Row } from '../../functions/core/extract.ts';
import type { Column } from '../../functions/core/schema.ts';

/** A page of a JSON API holds about this many records. */
const pageRows = 1000;
const pageCount = 1000;

/** Columns as ad reports have them. */
export const columns: readonly Column[] = [
  { name: 'day', type: 'DATE', mode: 'REQUIRED' },
  { name: 'ad_id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'ad_name', type: 'STRING', mode: 'NULLABLE' },
  { name: 'campaign', type: 'STRING', mode: 'NULLABLE' },
  { name: 'currency', type: 'STRING', mode: 'NULLABLE' },
  { name: 'note', type: 'STRING', mode: 'NULLABLE' },
  { name: 'impressions', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'clicks', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'reach', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'spend', type: 'FLOAT', mode: 'NULLABLE' },
  { name: 'rate', type: 'FLOAT', mode: 'NULLABLE' },
  { name: 'is_active', type: 'BOOLEAN', mode: 'NULLABLE' },
];

/** A million records, a page at a time; the same ones each time. */
export function* pages(): Generator<readonly Row[]> {
  for (let page = 0; page < pageCount; page += 1)
    yield Array.from({ length: pageRows }, (_, row) => record(page * pageRows + row));
}

function record(n: number): Row {
  return {
    day: `2026-${pad(1 + (n % 12))}-${pad(1 + (n % 28))}`,
    ad_id: `17900000${n}`,
    ad_name: `Ad ${n % 5000}`,
    campaign: `DE | TRAFFIC | always ${n % 40}`,
    currency: n % 3 === 0 ? 'EUR' : 'USD',
    note: n % 10 === 0 ? `Größer denken, ${n} mal` : null,
    impressions: (n * 7919) % 100_000,
    clicks: n % 977,
    reach: n % 2 === 0 ? (n * 31) % 80_000 : null,
    spend: ((n * 37) % 100_000) / 100,
    rate: (n % 1000) / 1000,
    is_active: n % 2 === 0,
  };
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
