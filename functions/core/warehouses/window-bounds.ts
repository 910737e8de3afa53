import { fatal } from '../errors.ts';
import type { TableTarget } from '../pipeline.ts';
import { addDays } from '../run/days.ts';
import type { Commit } from './warehouse.ts';

/** What a window covers of its column: from `from` on, and before `before`. */
export interface WindowBounds {
  readonly column: string;
  readonly type: 'DATE' | 'DATETIME' | 'TIMESTAMP';
  /** `YYYY-MM-DD` for a DATE, `YYYY-MM-DD 00:00:00` for the others; a TIMESTAMP's is UTC, without saying so. */
  readonly from: string;
  readonly before: string;
}

/**
 * The days of a commit as values of its table's window column. Days are whole, to their last microsecond; those of a
 * TIMESTAMP are days in UTC.
 *
 * @returns undefined when the commit has no window, or the table no column of it
 * @throws fatal `bad-schema` for a column that holds no days
 */
export function windowBounds(
  { windowField, columns, dataset, name }: TableTarget,
  { window }: Pick<Commit, 'window'>,
): WindowBounds | undefined {
  if (window === undefined || windowField === undefined) return undefined;
  const type = columns.find((column) => column.name === windowField)?.type;
  const before = addDays(window.end, 1);
  if (type === 'DATE') return { column: windowField, type, from: window.start, before };
  if (type === 'DATETIME' || type === 'TIMESTAMP')
    return { column: windowField, type, from: `${window.start} 00:00:00`, before: `${before} 00:00:00` };
  throw fatal('bad-schema', {
    where: `${dataset}.${name}`,
    what: `the window column "${windowField}" holds no days`,
    got: type,
    allowed: ['DATE', 'DATETIME', 'TIMESTAMP'],
    todo: 'name another windowField, or correct the schema file',
  });
}
