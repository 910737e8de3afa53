import type { DuckDBConnection } from '@duckdb/node-api';
import type { Drift } from '../../../rows/check.ts';
import { createDriftLog } from '../../../rows/drift.ts';
import { jsonField } from './quote.ts';

/** Values that a column is guessed from. */
const sampleValues = 1000;

/**
 * Counts the fields that went to `_extra` of a stage, and guesses a column for each.
 *
 * @param isText the values are cells of a CSV file
 */
export async function readDrift(
  connection: DuckDBConnection,
  table: string,
  fields: readonly string[],
  isText: boolean,
): Promise<readonly Drift[]> {
  const drift: Drift[] = [];
  for (const field of fields) {
    const value = `"_extra"->${jsonField(field)}`;
    const counted = await connection.runAndReadAll(
      `select count(*)::double from ${table} where coalesce(json_type(${value}), 'NULL') <> 'NULL'`,
    );
    const rows = Number(counted.getRows()[0]?.[0] ?? 0);
    if (rows === 0) continue;
    const sampled = await connection.runAndReadAll(
      `select distinct (${value})::varchar from (select * from ${table} where coalesce(json_type(${value}), 'NULL') <> 'NULL' limit ${sampleValues})`,
    );
    const log = createDriftLog();
    for (const [text] of sampled.getRows()) {
      const found: unknown = JSON.parse(String(text));
      log.note(field, isText ? fromCell(found) : found);
    }
    const [found] = log.fields();
    if (found !== undefined) drift.push({ ...found, rows });
  }
  return drift;
}

/** CSV cells are text even where they are numbers. */
function fromCell(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^-?(0|[1-9]\d{0,17})$/.test(value)) return BigInt(value);
  if (/^-?(0|[1-9]\d*)\.\d+$/.test(value)) return Number(value);
  return value === 'true' || value === 'false' ? value === 'true' : value;
}
