import type { WriteStream } from 'node:tty';
import type { OnRunEvent, RunEvent } from '../../functions/core/run/event.ts';
import { formatCount, formatPlural, formatSeconds } from './numbers.ts';
import { clip } from './width.ts';

/** Where progress goes; standard error, so that standard output holds results only. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** Adds a bar, which waits until the first event, and returns the listener of its run. */
  follow(label: string): OnRunEvent;
  /** A line that stays, above the bars. */
  note(text: string): void;
  /** Draws the last state and leaves the lines in place. */
  stop(): void;
}

interface Bar {
  readonly label: string;
  startedAt: number | undefined;
  readonly active: Set<string>;
  planned: number | undefined;
  done: number;
  failed: number;
  rows: number;
  finishedAt: number | undefined;
  told: number;
}

const barWidth = 24;
const frameMs = 100;

/** Live bars on a terminal; one line per milestone elsewhere. */
export function startProgress(
  output: ProgressOutput = process.stderr as WriteStream,
  now: () => number = () => performance.now(),
): Progress {
  const bars: Bar[] = [];
  const isLive = output.isTTY === true;
  let drawn = 0;
  const draw = (notes: readonly string[] = []) => {
    const width = (output.columns ?? 80) - 1;
    const longest = Math.max(0, ...bars.map(({ label }) => label.length));
    const lines = [...notes, ...bars.map((bar) => clip(barLine(bar, longest, now()), width))];
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    output.write(`${up}\r\u001b[J${lines.map((line) => `${line}\n`).join('')}`);
    drawn = bars.length;
  };
  const timer = isLive ? setInterval(() => draw(), frameMs) : undefined;
  timer?.unref();
  const say = (text: string) => (isLive ? draw([text]) : void output.write(`${text}\n`));

  return {
    follow(label) {
      const bar: Bar = {
        label,
        startedAt: undefined,
        active: new Set(),
        planned: undefined,
        done: 0,
        failed: 0,
        rows: 0,
        finishedAt: undefined,
        told: 0,
      };
      bars.push(bar);
      return (event) => {
        update(bar, event, now());
        const milestone = tell(bar, event, now());
        if (event.type === 'slice-failed') say(`${label}: ${event.slice.id} failed: ${event.error}`);
        else if (!isLive && milestone !== undefined) say(milestone);
      };
    },
    note: say,
    stop() {
      clearInterval(timer);
      if (isLive) draw();
      drawn = 0;
      bars.length = 0;
    },
  };
}

function update(bar: Bar, event: RunEvent, at: number): void {
  bar.startedAt ??= at;
  if (event.type === 'slices-planned') bar.planned = event.slices.length;
  if (event.type === 'slice-started') bar.active.add(event.slice.id);
  if (event.type === 'rows-staged') bar.rows += event.rows;
  if (event.type === 'slice-committed' || event.type === 'slice-failed') {
    bar.active.delete(event.slice.id);
    bar.done += 1;
    if (event.type === 'slice-failed') bar.failed += 1;
  }
  // Slices of a log, and computed tables, come beyond what was planned.
  if (bar.planned !== undefined) bar.planned = Math.max(bar.planned, bar.done + bar.active.size);
  if (event.type === 'run-finished') bar.finishedAt = at;
}

/** The plan, each quarter of the slices, and the end. */
function tell(bar: Bar, event: RunEvent, at: number): string | undefined {
  if (event.type === 'slices-planned')
    return `${bar.label}: ${formatPlural(event.slices.length, 'slice')} to load`;
  if (event.type === 'slice-committed' && bar.planned !== undefined) {
    const quarter = Math.floor((bar.done * 4) / bar.planned);
    if (quarter <= bar.told || quarter === 4) return undefined;
    bar.told = quarter;
    return `${bar.label}: ${state(bar, at)}`;
  }
  if (event.type === 'run-finished') return `${bar.label}: ${event.run.status}, ${state(bar, at)}`;
  return undefined;
}

function barLine(bar: Bar, labelWidth: number, at: number): string {
  const label = bar.label.padEnd(labelWidth);
  if (bar.planned === undefined) return `${label}  ${bar.startedAt === undefined ? 'waiting' : 'planning'}`;
  const share = bar.planned === 0 ? 1 : bar.done / bar.planned;
  const full = Math.round(share * barWidth);
  const drawnBar = '█'.repeat(full) + '░'.repeat(barWidth - full);
  const reading = bar.finishedAt === undefined ? [...bar.active].slice(0, 1).map((id) => `  ${id}`) : [];
  return `${label}  ${drawnBar}  ${state(bar, at)}${reading.join('')}`;
}

function state(bar: Bar, at: number): string {
  const failed = bar.failed > 0 ? `, ${formatCount(bar.failed)} failed` : '';
  const seconds = formatSeconds((bar.finishedAt ?? at) - (bar.startedAt ?? at));
  return `${formatCount(bar.done)}/${formatPlural(bar.planned ?? 0, 'slice')}${failed}, ${formatPlural(bar.rows, 'row')}, ${seconds} s`;
}
