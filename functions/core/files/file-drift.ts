import type { DuckDBConnection } from '@duckdb/node-api';
import type { Drift } from '../rows/check.ts';
import { createDriftLog } from '../rows/drift.ts';
import type { Column } from '../schema.ts';
import type { UnknownField } from './file-load.ts';
import { jsonField } from './quote.ts';

/** Values that a column is guessed from. */
const sampleValues = 1000;

/** Counts the fields that went to `_extra` of a stage, and guesses a column for each. */
export async function readDrift(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column[],
  fields: readonly (UnknownField & { readonly isText: boolean })[],
): Promise<readonly Drift[]> {
  const log = createDriftLog(columns.map(({ name }) => name));
  const counts: number[] = [];
  for (const { name, parents, field, isText } of fields) {
    const value = `"_extra"->${jsonField(name)}`;
    const isThere = `coalesce(json_type(${value}), 'NULL') <> 'NULL'`;
    const counted = await connection.runAndReadAll(`select count(*)::double from ${table} where ${isThere}`);
    const rows = Number(counted.getRows()[0]?.[0] ?? 0);
    if (rows === 0) continue;
    const sampled = await connection.runAndReadAll(
      `select distinct (${value})::varchar from (select * from ${table} where ${isThere} limit ${sampleValues})`,
    );
    for (const [text] of sampled.getRows()) {
      const found: unknown = JSON.parse(String(text));
      log.note(field, isText ? fromCell(found) : found, { parents, isSameRow: false });
    }
    counts.push(rows);
  }
  return log.fields().map((found, index) => ({ ...found, rows: counts[index] ?? found.rows }));
}

/** Cells of a CSV file are text even where they are numbers. */
function fromCell(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^-?(0|[1-9]\d{0,17})$/.test(value)) return BigInt(value);
  if (/^-?(0|[1-9]\d*)\.\d+$/.test(value)) return Number(value);
  return value === 'true' || value === 'false' ? value === 'true' : value;
}
