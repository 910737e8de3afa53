import type { Drift } from './check.ts';

/** Collects fields that a schema file does not name, and guesses a column for each from the values seen. */
export interface DriftLog {
  note(field: string, value: unknown): void;
  fields(): readonly Drift[];
}

type Guess = 'INTEGER' | 'FLOAT' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'JSON' | 'STRING';

export function createDriftLog(): DriftLog {
  const seen = new Map<string, { rows: number; type: Guess | undefined; isList: boolean }>();
  return {
    note(field, value) {
      const entry = seen.get(field) ?? { rows: 0, type: undefined, isList: true };
      entry.rows += 1;
      if (value !== null) {
        entry.isList &&= Array.isArray(value);
        for (const item of Array.isArray(value) ? value : [value])
          entry.type = widen(entry.type, guess(item));
      }
      seen.set(field, entry);
    },
    fields: () =>
      [...seen].map(([field, { rows, type, isList }]) => ({
        field,
        suggested: {
          name: columnName(field),
          type: type ?? 'STRING',
          mode: isList && type !== undefined ? 'REPEATED' : 'NULLABLE',
        },
        rows,
      })),
  };
}

/** The line that a schema file needs for a field, ready to paste. */
export function patchOf({ field, suggested }: Drift): string {
  const source = suggested.name === field ? {} : { sourceName: field };
  return JSON.stringify({ ...suggested, ...source });
}

/** A legal BigQuery column name for a field: letters, digits and underscore, not starting with a digit. */
function columnName(field: string): string {
  const name = field.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 300);
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`.slice(0, 300);
}

function guess(value: unknown): Guess {
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'bigint') return 'INTEGER';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INTEGER' : 'FLOAT';
  if (typeof value !== 'string') return 'JSON';
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return 'DATE';
  return /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}/.test(value) ? 'TIMESTAMP' : 'STRING';
}

/** The narrowest column that holds both. */
function widen(a: Guess | undefined, b: Guess): Guess {
  if (a === undefined || a === b) return b;
  const pair = new Set([a, b]);
  if (pair.has('JSON')) return 'JSON';
  if (pair.has('INTEGER') && pair.has('FLOAT')) return 'FLOAT';
  if (pair.has('DATE') && pair.has('TIMESTAMP')) return 'TIMESTAMP';
  return 'STRING';
}
