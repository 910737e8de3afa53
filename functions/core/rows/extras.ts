import type { Column } from '../schema.ts';
import type { Drift } from './check.ts';
import type { Strays } from './coerce.ts';
import { toJson } from './coerce-text.ts';
import { createDriftLog } from './drift.ts';

/** Fields that no column takes, of one batch of rows at a time. */
export interface Extras extends Strays {
  begin(): void;
  /** The row that fields are noted for. */
  row: number;
  /** `_extra` of a row: its fields by name (inside records by path: `items[2].colour`) as JSON, or null. */
  textOf(row: number): string | null;
  drift(): readonly Drift[];
}

export function createExtras(columns: readonly Column[]): Extras {
  const drift = createDriftLog(namesIn(columns));
  const path: (string | number)[] = [];
  let found = new Map<number, Map<string, unknown>>();
  let counted = new Set<string>();
  const extras: Extras = {
    path,
    row: 0,
    begin() {
      found = new Map();
      path.length = 0;
    },
    note(field, value) {
      if (value === undefined) return;
      let own = found.get(extras.row);
      if (own === undefined) {
        own = new Map();
        found.set(extras.row, own);
        counted = new Set();
      }
      own.set(unused(own, pathText(path, field)), value);
      const parents = path.filter((step) => typeof step === 'string');
      const name = [...parents, field].join('.');
      drift.note(field, value, { parents, isSameRow: counted.has(name) });
      if (parents.length > 0) counted.add(name);
    },
    textOf(row) {
      const own = found.get(row);
      if (own === undefined) return null;
      const text = toJson(Object.fromEntries(own));
      return typeof text === 'string' ? text : String(toJson(Object.fromEntries([...own].map(writable))));
    },
    drift: () => drift.fields(),
  };
  return extras;
}

/** Columns by their path; the kit's own come after them. */
function namesIn(columns: readonly Column[], parents: readonly string[] = []): string[] {
  const names = columns.flatMap(({ name, fields }) => [
    [...parents, name].join('.'),
    ...namesIn(fields ?? [], [...parents, name]),
  ]);
  return parents.length === 0 ? [...names, '_origin', '_extra'] : names;
}

function pathText(path: readonly (string | number)[], field: string): string {
  if (path.length === 0) return field;
  const around = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return `${around.slice(1)}.${field}`;
}

/** A field may be called like the path of another. */
function unused(own: ReadonlyMap<string, unknown>, name: string): string {
  let free = name;
  while (own.has(free)) free += '_';
  return free;
}

function writable([field, value]: [string, unknown]): [string, unknown] {
  return [field, typeof toJson(value) === 'string' ? value : '(cannot be written as JSON)'];
}
