import type { Row } from '../../core/extract.ts';
import { RawJson } from '../../core/rows/raw-json.ts';
import type { ResultField } from '../../core/warehouses/bigquery/cells.ts';
import { readCell } from '../../core/warehouses/bigquery/cells.ts';
import type { ResultPage } from './api.ts';

/** Rows by the names that the query gave them, as `core/rows` takes them: nothing is rounded. */
export function rowsOf({ fields, rows }: ResultPage): Row[] {
  return rows.map(({ f }) =>
    Object.fromEntries(fields.map((field, index) => [field.name, cellOf(field, f[index]?.v)])),
  );
}

/** A cell as canonical text, for watermarks. */
export function textOf(field: ResultField, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return String(readCell(field, value)).replace(field.type === 'TIMESTAMP' ? /\+00$/ : '', '');
}

function cellOf(field: ResultField, value: unknown): unknown {
  // JSON arrives as its text, which stays as it is.
  if (field.type === 'JSON' && field.mode !== 'REPEATED' && typeof value === 'string')
    return new RawJson(value);
  return inUtc(field, readCell(field, value));
}

/** Moments without the zone `+00`, which rows write in another way; no zone is UTC. */
function inUtc(field: ResultField, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => inUtc(field, item));
  if (field.type === 'TIMESTAMP' && typeof value === 'string') return value.replace(/\+00$/, '');
  if (field.fields === undefined || typeof value !== 'object' || value === null) return value;
  const cells = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(field.fields.map((inner) => [inner.name, inUtc(inner, cells[inner.name])]));
}
