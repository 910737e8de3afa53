import type { Drift } from './check.ts';

/** Collects fields that a schema file does not name, and guesses a column for each from the values seen. */
export interface DriftLog {
  /** @param place of a field inside records: their names, and whether the field was noted for the same row before */
  note(field: string, value: unknown, place?: Place): void;
  fields(): readonly Drift[];
}

export interface Place {
  readonly parents: readonly string[];
  readonly isSameRow: boolean;
}

type Guess = 'INTEGER' | 'FLOAT' | 'NUMERIC' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'JSON' | 'STRING';

interface Seen {
  readonly field: string;
  readonly parents: readonly string[];
  rows: number;
  type: Guess | undefined;
  isList: boolean;
}

/** A vendor that makes ids into field names must not fill the memory; `_extra` keeps the fields beyond all the same. */
const mostFields = 1000;
/** Items of a list that are looked at. */
const mostItems = 100;
const top: Place = { parents: [], isSameRow: false };

/** @param taken columns that exist, with dots into records: a suggestion gets another name */
export function createDriftLog(taken: readonly string[] = []): DriftLog {
  const seen = new Map<string, Seen>();
  return {
    note(field, value, { parents, isSameRow } = top) {
      const key = parents.length === 0 ? field : [...parents, field].join('\0');
      let entry = seen.get(key);
      if (entry === undefined) {
        if (seen.size >= mostFields) return;
        entry = { field, parents, rows: 0, type: undefined, isList: true };
        seen.set(key, entry);
      }
      if (!isSameRow) entry.rows += 1;
      if (value === null) return;
      entry.isList &&= Array.isArray(value);
      for (const item of Array.isArray(value) ? value.slice(0, mostItems) : [value])
        entry.type = widen(entry.type, guess(item));
    },
    fields() {
      const names = new Set(taken.map((name) => name.toLowerCase()));
      return [...seen.values()].map((entry) => suggest(entry, names));
    },
  };
}

/** The line that a schema file needs for a field, ready to paste: into `fields` of its record, if it has one. */
export function patchOf({ suggested }: Drift): string {
  return JSON.stringify(suggested);
}

function suggest({ field, parents, rows, type, isList }: Seen, names: Set<string>): Drift {
  const name = unused(columnName(field), parents, names);
  return {
    field: [...parents, field].join('.'),
    suggested: {
      name,
      type: type ?? 'STRING',
      mode: isList && type !== undefined && type !== 'JSON' ? 'REPEATED' : 'NULLABLE',
      ...(name === field ? {} : { sourceName: field }),
    },
    rows,
  };
}

/** A legal BigQuery column name for a field: letters, digits and underscore, not starting with a digit. */
function columnName(field: string): string {
  const name = field.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 290);
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}

/** BigQuery's column names differ in more than case. */
function unused(name: string, parents: readonly string[], names: Set<string>): string {
  const keyOf = (each: string) => [...parents, each].join('.').toLowerCase();
  let free = name;
  for (let count = 2; names.has(keyOf(free)); count++) free = `${name}_${count}`;
  names.add(keyOf(free));
  return free;
}

/** Digits in a text stay text: they may be an id, and STRING loses nothing. */
function guess(value: unknown): Guess {
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? 'INTEGER' : 'NUMERIC';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INTEGER' : 'FLOAT';
  if (value instanceof Date) return 'TIMESTAMP';
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
  if (pair.has('INTEGER') && pair.has('NUMERIC')) return 'NUMERIC';
  if (pair.has('DATE') && pair.has('TIMESTAMP')) return 'TIMESTAMP';
  return 'STRING';
}
