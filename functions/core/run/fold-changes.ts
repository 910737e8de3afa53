import type { Change } from '../change.ts';
import type { Row } from '../extract.ts';
import { Bad } from '../rows/bad.ts';
import { fieldsOf } from '../rows/coerce.ts';
import type { Column } from '../schema.ts';

/** What became of one key since the last commit. */
export interface NetChange {
  readonly op: 'upsert' | 'delete';
  readonly row: Row;
  /** Fields that keep what the stored row has. */
  readonly kept: readonly string[];
  /** Key of the stored row they are kept from, by field. */
  readonly from: Row;
}

/** Many changes of one table, folded into at most one per key. */
export interface Fold {
  /** Changes that came in. */
  readonly changes: number;
  readonly isTruncated: boolean;
  truncate(): void;
  add(change: Change): void;
  net(): Iterable<NetChange>;
}

/**
 * @param columns of the table's schema file
 * @param key names of its key columns
 */
export function createFold(columns: readonly Column[], key: readonly string[]): Fold {
  const fields = keyFields(columns, key);
  const textOf = keyText(columns, key);
  const keyOf = (row: Row): Row => Object.fromEntries(fields.map((field) => [field, row[field]]));
  let net = new Map<string, NetChange>();
  let changes = 0;
  let isTruncated = false;

  const upsert = (row: Row, kept: readonly string[], moved: Row | undefined) => {
    const own = textOf(row);
    const before = moved === undefined ? own : textOf(moved);
    const earlier = kept.length === 0 ? undefined : net.get(before);
    const folded =
      earlier?.op === 'upsert' ? fillKept(row, kept, earlier) : { op: 'upsert' as const, row, kept };
    const from = 'from' in folded ? folded.from : keyOf(moved ?? row);
    // A key that only changed its spelling (numeric 1.0 to 1.00) is the same row.
    if (moved !== undefined && before !== own)
      net.set(before, { op: 'delete', row: keyOf(moved), kept: [], from: keyOf(moved) });
    net.set(own, { ...folded, from });
  };

  return {
    get changes() {
      return changes;
    },
    get isTruncated() {
      return isTruncated;
    },
    truncate() {
      changes += 1;
      isTruncated = true;
      net = new Map();
    },
    add(change) {
      changes += 1;
      if (change.op === 'upsert') return upsert(change.row, change.kept ?? [], change.from);
      const row = keyOf(change.row);
      net.set(textOf(row), { op: 'delete', row, kept: [], from: row });
    },
    net: () => net.values(),
  };
}

/** Fields of rows that hold the key: the source's names of the key columns. */
export function keyFields(columns: readonly Column[], key: readonly string[]): readonly string[] {
  return key.map((name) => columns.find((column) => column.name === name)?.sourceName ?? name);
}

/** Values that an earlier change of the same batch brought are no longer kept but known. */
function fillKept(row: Row, kept: readonly string[], earlier: NetChange): NetChange {
  const known = kept.filter((field) => !earlier.kept.includes(field));
  return {
    op: 'upsert',
    row: { ...row, ...Object.fromEntries(known.map((field) => [field, earlier.row[field]])) },
    kept: kept.filter((field) => earlier.kept.includes(field)),
    from: earlier.from,
  };
}

/** A text that is the same for the same key, however the source wrote it. */
export function keyText(columns: readonly Column[], key: readonly string[]): (row: Row) => string {
  const own = columns.filter(({ name }) => key.includes(name));
  const { fields } = fieldsOf(own, { path: [], note: () => {} });
  return (row) => {
    let text = '';
    for (const { read, coerce } of fields) {
      const raw = read(row);
      const value = coerce(raw);
      text += `${textOf(value instanceof Bad ? raw : value)}\0`;
    }
    return text;
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
