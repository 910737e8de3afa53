import type { ColumnBatch, Quarantined } from '../../rows/check.ts';
import { mask } from '../../rows/mask.ts';
import type { Column } from '../../schema.ts';
import { firstDay, lastDay } from './types.ts';

/**
 * Parts a batch into rows that ClickHouse can hold and rows with a day that a Date32 cannot: the server would take the
 * nearest day it has, and say nothing.
 *
 * @param first position in the slice of the batch's first row
 */
export function withoutUnfit(
  columns: readonly Column[],
  batch: ColumnBatch,
  first: number,
): { readonly fit: ColumnBatch; readonly unfit: readonly Quarantined[] } {
  const unfit = new Map<number, Quarantined>();
  for (const [index, { name, type, mode }] of columns.entries()) {
    if (type !== 'DATE' || mode === 'REPEATED') continue;
    for (const [row, day] of (batch.values[index] as readonly (string | null)[]).entries()) {
      if (!isUnfit(day)) continue;
      unfit.set(row, { row: first + row, ...flawOf(name, day) });
    }
  }
  if (unfit.size === 0) return { fit: batch, unfit: [] };
  return {
    fit: {
      rows: batch.rows - unfit.size,
      values: batch.values.map((list) => list.filter((_, row) => !unfit.has(row))),
    },
    unfit: [...unfit.values()],
  };
}

/**
 * The same for lines of `tsv`. Without a DATE column the chunks pass as they are.
 *
 * @param onUnfit gets each row that is left out; its position in the source is not known here
 */
export async function* fitLines(
  columns: readonly Column[],
  chunks: AsyncIterable<Uint8Array>,
  onUnfit: (row: Quarantined) => void,
): AsyncGenerator<Uint8Array> {
  const days = columns.flatMap(({ name, type, mode }, index) =>
    type === 'DATE' && mode !== 'REPEATED' ? [{ name, index }] : [],
  );
  if (days.length === 0) return yield* chunks;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    const fit = lines.filter((line) => {
      const cells = line.split('\t');
      const flaw = days.find(({ index }) => isUnfit(cells[index] === '\\N' ? null : (cells[index] ?? null)));
      if (flaw !== undefined) onUnfit(flawOf(flaw.name, cells[flaw.index] ?? ''));
      return flaw === undefined;
    });
    if (fit.length > 0) yield Buffer.from(`${fit.join('\n')}\n`);
  }
}

function isUnfit(day: string | null): day is string {
  return day !== null && (day < firstDay || day > lastDay);
}

function flawOf(path: string, day: string): Quarantined {
  const reason = `is a day that ClickHouse cannot hold, which is from ${firstDay} to ${lastDay}`;
  return { path, reason, masked: mask(day) };
}
