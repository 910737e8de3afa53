import { parseJson } from '../../../http/json.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Drift } from '../../../rows/check.ts';
import { createDriftLog } from '../../../rows/drift.ts';
import type { Bigquery } from '../jobs.ts';
import { tableRef } from '../names.ts';
import { select } from '../sql.ts';
import type { LoadedObjects } from './load-job.ts';

/** Values that a column is guessed from. */
const sampleValues = 1000;

/** Counts the fields that went to `_extra`, and guesses a column for each. */
export async function readStrays(
  bigquery: Bigquery,
  target: TableTarget,
  { raw, strays, isText }: LoadedObjects,
): Promise<readonly Drift[]> {
  if (strays.length === 0) return [];
  const log = createDriftLog(target.columns.map(({ name }) => name));
  const counts = new Map<string, number>();
  const ask = (sql: string, params: typeof raw.params) =>
    select(bigquery, { what: 'reading fields without a column', sql, params });
  for (const { name, json, isThere, inside } of strays) {
    const from = `FROM ${tableRef(bigquery.settings, raw.table)} AS r WHERE ${isThere}`;
    const params = Object.fromEntries(
      Object.entries(raw.params).filter(([key]) => `${json} ${from}`.includes(`@${key}`)),
    );
    const counted = await ask(`SELECT COUNT(*) AS n ${from}`, params);
    const rows = Number(counted.rows[0]?.[0] ?? 0);
    if (rows === 0) continue;
    counts.set(name, rows);
    const sample = await ask(`SELECT DISTINCT ${json} AS found ${from} LIMIT ${sampleValues}`, params);
    for (const [text] of sample.rows) {
      const found = parseJson(String(text));
      if (inside !== undefined) {
        const [first = '', ...inner] = inside;
        const parents = [first, ...inner.slice(0, -1)];
        for (const value of valuesAt(found, inner))
          log.note(inner.at(-1) ?? '', value, { parents, isSameRow: true });
        continue;
      }
      log.note(name, isText ? fromCell(found) : found, { parents: [], isSameRow: false });
    }
  }
  return log.fields().map((found) => ({ ...found, rows: counts.get(found.field) ?? found.rows }));
}

/** What stands at a path, in each item of the lists on its way. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, [name, ...rest]));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return valuesAt((value as Readonly<Record<string, unknown>>)[name], rest);
}

/** Cells of a CSV file are text even where they are numbers. */
function fromCell(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^-?(0|[1-9]\d{0,17})$/.test(value)) return BigInt(value);
  if (/^-?(0|[1-9]\d*)\.\d+$/.test(value)) return Number(value);
  return value === 'true' || value === 'false' ? value === 'true' : value;
}
