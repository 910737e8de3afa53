import type { WatermarkCursor, WatermarkRange } from '../cursor.ts';
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
}

/** One slice for each range, in order: the cursor follows them. */
export function planWatermark(table: PipelineTable, { ranges, emptied }: WatermarkPlan): SlicePlan {
  // A slice id is appended once. What is read a second time, because the first is gone, has ids of its own.
  const again = emptied === undefined ? '' : ` after ${emptied.value} of ${emptied.at.toISOString()}`;
  const slices = ranges.map((range) => ({
    id: `${table.declared}/-/${range.from ?? ''}..${range.to}${range.isOpen === true ? ' open' : ''}${again}`,
    table: table.declared,
    origin: '-',
    range: emptied === undefined ? range : { ...range, isReload: true },
    field: table.cursor.kind === 'watermark' ? table.cursor.field : undefined,
    options: table.options,
  }));
  return { slices, skipped: emptied === undefined ? [] : [emptiedNotice(table, emptied)] };
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
