import type { WatermarkCursor, WatermarkRange } from '../cursor.ts';
import type { CatchmentError } from '../errors.ts';
import { fatal } from '../errors.ts';
import type { CursorRecord } from '../ledger/ledger.ts';
import type { PipelineTable } from '../pipeline.ts';
import { addDays } from './days.ts';
import type { SlicePlan } from './plan-slices.ts';

/** The value that a run begins at: the newest one that was committed, less the lookback. */
export function beginOf(cursor: WatermarkCursor, reached: string | undefined): string | undefined {
  if (reached === undefined || cursor.lookback === 0) return reached;
  if (isInteger(reached)) return String(BigInt(reached) - BigInt(Math.ceil(cursor.lookback)));
  if (/^\d{4}-\d{2}-\d{2}$/.test(reached)) return addDays(reached, -Math.ceil(cursor.lookback / 86_400));
  return earlier(reached, cursor.lookback);
}

/** True when the first of two values of one watermark column is smaller: integers as numbers, days and times as text. */
export function isBefore(value: string, other: string): boolean {
  return isInteger(value) && isInteger(other) ? BigInt(value) < BigInt(other) : value < other;
}

/** What the planner knows of a table with a watermark. */
export interface WatermarkPlan {
  /** What `probe` found. */
  readonly ranges: readonly WatermarkRange[];
  /** The cursor of a table that was emptied behind our back, and is read again from its beginning. */
  readonly emptied?: CursorRecord | undefined;
  /** Of a table that appends: rows with NULL in the column that it holds. */
  readonly nulls?: number | undefined;
}

/**
 * One slice for each range, in order: the cursor follows them. Rows without a value come last, in a slice without a cursor,
 * so that one which lost or got its value meanwhile ends as it is now. They are merged; to append them each time would
 * double them, so there it fails when rows are missing.
 */
export function planWatermark(table: PipelineTable, plan: WatermarkPlan): SlicePlan {
  const { ranges, emptied } = plan;
  const isAppend = table.writeMode === 'append';
  // A slice id is appended once. What is read a second time, because the first is gone, has ids of its own.
  const again = emptied === undefined ? '' : ` after ${emptied.value} of ${emptied.at.toISOString()}`;
  const slices = ranges
    .filter(({ to }) => to !== undefined || !isAppend)
    .map((range) => ({
      id: `${table.declared}/-/${nameOf(range)}${again}`,
      table: table.declared,
      origin: '-',
      range: emptied === undefined ? range : { ...range, isReload: true },
      field: fieldOf(table),
      options: table.options,
    }));
  const skipped = emptied === undefined ? [] : [emptiedNotice(table, emptied)];
  const missing = isAppend ? missingRows(plan) : 0;
  if (missing === 0) return { slices, skipped };
  const slice = { id: `${table.declared}/-/${nameOf({})}`, table: table.declared, origin: '-' };
  return { slices, skipped, failed: [{ slice, error: valuelessError(table, missing).message }] };
}

/** Rows without a value that only a merge could bring. */
function missingRows({ ranges, nulls = 0 }: WatermarkPlan): number {
  const found = ranges.find(({ to }) => to === undefined)?.rows ?? 0;
  return Math.max(0, found - nulls);
}

function valuelessError(table: PipelineTable, rows: number): CatchmentError {
  return fatal('source-setup', {
    where: table.name,
    what: `${rows} ${rows === 1 ? 'row' : 'rows'} without a value in "${fieldOf(table)}" came after the first load and cannot be appended: nothing tells whether they were loaded`,
    todo: 'name a key, so that they are merged; or give the column a default and NOT NULL; or leave such rows out by a `query`',
  });
}

function nameOf({ from, to, isOpen }: WatermarkRange): string {
  return to === undefined ? 'without a value' : `${from ?? ''}..${to}${isOpen === true ? ' open' : ''}`;
}

function fieldOf({ cursor }: PipelineTable): string | undefined {
  return cursor.kind === 'watermark' ? cursor.field : undefined;
}

/** Why everything is read once more, in words. */
export function emptiedNotice(table: PipelineTable, { value }: CursorRecord): string {
  return `${table.name}: the table is empty although it was loaded up to ${value}, so everything is read again`;
}

function isInteger(value: string): boolean {
  return /^-?\d+$/.test(value);
}

/** `YYYY-MM-DD HH:MM:SS[.ffffff]`, some seconds earlier, with the same fraction. */
function earlier(moment: string, seconds: number): string {
  const [whole = '', fraction] = moment.split('.');
  const at = new Date(`${whole.replace(' ', 'T')}Z`);
  const text = new Date(at.getTime() - Math.ceil(seconds) * 1000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
  return fraction === undefined ? text : `${text}.${fraction}`;
}
