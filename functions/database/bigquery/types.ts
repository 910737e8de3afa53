import type { Mapped } from '../../core/describe-columns.ts';
import type { Column } from '../../core/schema.ts';

const types: Readonly<Record<string, Column['type']>> = {
  ...{ INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN' },
  ...{ INTEGER: 'INTEGER', FLOAT: 'FLOAT', BOOLEAN: 'BOOLEAN', NUMERIC: 'NUMERIC', BIGNUMERIC: 'BIGNUMERIC' },
  ...{ STRING: 'STRING', BYTES: 'BYTES', DATE: 'DATE', TIME: 'TIME', DATETIME: 'DATETIME' },
  ...{ TIMESTAMP: 'TIMESTAMP', JSON: 'JSON', RECORD: 'JSON', STRUCT: 'JSON' },
};

/** The schema type that holds every value of a field. */
export function mapField(type: string, mode: string | undefined): Mapped {
  const mapped = types[type];
  if (mapped === undefined)
    return { type: 'STRING', warning: `is ${type}: it is stored as the text that BigQuery prints` };
  if (mapped === 'JSON' || mapped === 'RECORD') return { type: 'JSON' };
  return mode === 'REPEATED' ? { type: mapped, mode: 'REPEATED' } : { type: mapped };
}
