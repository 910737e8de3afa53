import { expect, it } from 'vitest';
import type { RunEvent } from '../../functions/core/run/event.ts';
import { startProgress } from './progress.ts';

const slices = ['a', 'b', 'c', 'd'].map((name) => ({ id: `items/-/${name}`, table: 'items', origin: '-' }));
const [first, second, third, fourth] = slices as [Slice, Slice, Slice, Slice];
type Slice = (typeof slices)[number];

const planned: RunEvent = { type: 'slices-planned', slices, skipped: [] };
const committed = (slice: Slice): RunEvent => ({ type: 'slice-committed', slice, outcomes: [] });
const staged = (slice: Slice, rows: number): RunEvent => ({
  type: 'rows-staged',
  slice,
  table: 'items',
  rows,
});
const finished = { type: 'run-finished', run: { status: 'partial' } } as RunEvent;

function record(isTTY: boolean) {
  const written: string[] = [];
  let clock = 0;
  const output = { isTTY, columns: 100, write: (text: string) => written.push(text) };
  return { written, progress: startProgress(output, () => clock), pass: (ms: number) => (clock += ms) };
}

it('writes a line for the plan, each quarter, each failure and the end where there is no terminal', async () => {
  const { written, progress, pass } = record(false);
  const tell = progress.follow('api/demo');
  await tell({ type: 'lease-taken', fence: 1 });
  pass(1000);
  for (const event of [
    planned,
    { type: 'slice-started', slice: first } as const,
    staged(first, 1500),
    committed(first),
    { type: 'slice-failed', slice: second, error: 'no' } as const,
    committed(third),
    committed(fourth),
    finished,
  ])
    await tell(event);
  progress.stop();
  expect(written).toEqual([
    'api/demo: 4 slices to load\n',
    'api/demo: 1/4 slices, 1,500 rows, 1.0 s\n',
    'api/demo: items/-/b failed: no\n',
    'api/demo: 3/4 slices, 1 failed, 1,500 rows, 1.0 s\n',
    'api/demo: partial, 4/4 slices, 1 failed, 1,500 rows, 1.0 s\n',
  ]);
});

it('draws bars of one width over each other on a terminal, and leaves the last ones', async () => {
  const { written, progress, pass } = record(true);
  const api = progress.follow('api/demo');
  const files = progress.follow('files/demo');
  await api(planned);
  await api({ type: 'slice-started', slice: first });
  await api(staged(first, 10));
  pass(2500);
  progress.note('look here');
  await api(committed(first));
  await files({ type: 'slices-planned', slices: [], skipped: [] });
  progress.stop();
  expect(written).toEqual([
    '\r\u001b[J' +
      'look here\n' +
      `api/demo    ${'░'.repeat(24)}  0/4 slices, 10 rows, 2.5 s  items/-/a\n` +
      'files/demo  waiting\n',
    '\u001b[2A\r\u001b[J' +
      `api/demo    ${'█'.repeat(6)}${'░'.repeat(18)}  1/4 slices, 10 rows, 2.5 s\n` +
      `files/demo  ${'█'.repeat(24)}  0/0 slices, 0 rows, 0.0 s\n`,
  ]);
});

it('cuts a bar to the terminal, so that it never takes two lines', async () => {
  const { written, progress } = record(true);
  const tell = progress.follow('x'.repeat(200));
  await tell(planned);
  progress.stop();
  expect(written.at(-1)).toBe(`\r\u001b[J${'x'.repeat(98)}…\n`);
});

it('counts slices that were not planned, such as computed tables', async () => {
  const { written, progress } = record(false);
  const tell = progress.follow('api/demo');
  const more = { id: 'totals/-/transform', table: 'totals', origin: '-' };
  const one: RunEvent = { type: 'slices-planned', slices: [first], skipped: [] };
  const start = (slice: Slice): RunEvent => ({ type: 'slice-started', slice });
  for (const event of [one, start(first), committed(first), start(more), committed(more), finished])
    await tell(event);
  progress.stop();
  expect(written.at(-1)).toBe('api/demo: partial, 2/2 slices, 0 rows, 0.0 s\n');
});
