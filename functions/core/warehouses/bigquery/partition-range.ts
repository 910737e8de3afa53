import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import { momentText } from './cells.ts';
import { ident } from './names.ts';

/** What a stage holds of the partitioning column, when that is part of the key: a merge looks at no other partitions. */
export interface PartitionRange {
  readonly column: string;
  readonly type: 'DATE' | 'TIMESTAMP';
  /** Smallest and greatest value as SQL text; undefined when all are NULL. */
  readonly bounds: { readonly from: string; readonly to: string } | undefined;
  readonly hasNull: boolean;
}

export interface RangeTracker {
  readonly column: string;
  add(batch: ColumnBatch): void;
  /** What a statement found in rows that came past us: the smallest and the greatest value as `readCell` gives them. */
  addFound(found: {
    readonly from: string | null;
    readonly to: string | null;
    readonly hasNull: boolean;
  }): void;
  read(): PartitionRange;
}

/** @returns undefined when the table is not partitioned by a part of its key */
export function createRangeTracker(target: TableTarget): RangeTracker | undefined {
  const column = target.partitionBy ?? target.windowField;
  const index = target.columns.findIndex(({ name }) => name === column);
  const type = target.columns[index]?.type;
  if (column === undefined || !target.key.includes(column)) return undefined;
  if (type !== 'DATE' && type !== 'TIMESTAMP') return undefined;
  let from: string | undefined;
  let to: string | undefined;
  let hasNull = false;
  // Both spellings sort as text the way their values do.
  const widen = (low: string, high: string) => {
    if (from === undefined || low < from) from = low;
    if (to === undefined || high > to) to = high;
  };
  return {
    column,
    add(batch) {
      let low: string | bigint | undefined;
      let high: string | bigint | undefined;
      for (const value of (batch.values[index] ?? []) as (string | bigint | null)[]) {
        if (value === null) hasNull = true;
        else {
          if (low === undefined || value < low) low = value;
          if (high === undefined || value > high) high = value;
        }
      }
      if (low !== undefined && high !== undefined) widen(show(low), show(high));
    },
    addFound(found) {
      hasNull ||= found.hasNull;
      if (found.from !== null && found.to !== null) widen(fullText(found.from), fullText(found.to));
    },
    read: () => ({
      column,
      type,
      bounds: from === undefined || to === undefined ? undefined : { from, to },
      hasNull,
    }),
  };
}

/** Constants, so that BigQuery reads the partitions that staged keys can be in and no others. */
export function prune(range: PartitionRange | undefined): string {
  if (range === undefined) return 'TRUE';
  const column = `t.${ident(range.column)}`;
  const { bounds, type } = range;
  const parts = [
    ...(bounds === undefined
      ? []
      : [`${column} BETWEEN ${literal(type, bounds.from)} AND ${literal(type, bounds.to)}`]),
    ...(range.hasNull ? [`${column} IS NULL`] : []),
  ];
  return `(${parts.join(' OR ')})`;
}

export function literal(type: PartitionRange['type'] | 'DATETIME', text: string): string {
  if (!/^[0-9:. +-]+$/.test(text))
    throw fatal('bad-input', { what: 'this is no date for BigQuery', got: text });
  return `${type} '${text}'`;
}

/** All six digits of a second's fraction, so that moments compare as text. */
function show(value: string | bigint): string {
  return typeof value === 'string' ? value : fullText(momentText(value));
}

/** A day as it is, a moment as `momentText` writes it with all digits. */
function fullText(text: string): string {
  if (!text.endsWith('+00')) return text;
  const [whole = '', fraction = ''] = text.slice(0, -3).split('.');
  return `${whole}.${fraction.padEnd(6, '0')}+00:00`;
}
