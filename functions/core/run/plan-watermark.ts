import type { WatermarkCursor, WatermarkRange } from '../cursor.ts';
import type { PipelineTable } from '../pipeline.ts';
import { addDays } from './days.ts';
import type { Slice } from './slice.ts';

/** The value that a run begins at: the newest one that was committed, less the lookback. */
export function beginOf(cursor: WatermarkCursor, reached: string | undefined): string | undefined {
  if (reached === undefined || cursor.lookback === 0) return reached;
  if (/^-?\d+$/.test(reached)) return String(BigInt(reached) - BigInt(Math.ceil(cursor.lookback)));
  if (/^\d{4}-\d{2}-\d{2}$/.test(reached)) return addDays(reached, -Math.ceil(cursor.lookback / 86_400));
  return earlier(reached, cursor.lookback);
}

/** One slice for each range, in order: the cursor follows them. */
export function planWatermark(table: PipelineTable, ranges: readonly WatermarkRange[]): readonly Slice[] {
  return ranges.map((range) => ({
    id: `${table.declared}/-/${range.from ?? ''}..${range.to}${range.isOpen === true ? ' open' : ''}`,
    table: table.declared,
    origin: '-',
    range,
    options: table.options,
  }));
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
