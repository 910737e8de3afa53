import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measured, runChild } from './child.ts';
import { fingerprint } from './duckdb.ts';
import type { BenchRow } from './row.ts';

export const root = join(import.meta.dirname, '..');

/** Where the benchmark keeps its files. */
export const folder = join(root, '.catchment/bench');

/** False for a line that `--only` leaves out. */
export function isWanted(path: string): boolean {
  return path.includes(process.env.BENCH_ONLY ?? '');
}

/** A script of this folder, and the table that it loads. */
export interface Side {
  readonly script: string;
  readonly table: string;
}

export interface Contest {
  readonly ours: Side;
  readonly floor: Side;
  /** What both scripts get, beside `path`: a DuckDB file that does not exist yet. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Expressions over a row, as a list: what both must have made alike. */
  readonly values: string;
  readonly rounds: number;
}

/** The median of all rounds, for each figure by itself. */
export interface Comparison extends Pick<BenchRow, 'rows' | 'checksum'> {
  readonly seconds: Pair;
  readonly cpuSeconds: Pair;
  readonly peakMegabytes: Pair;
}

export interface Pair extends Pick<BenchRow, 'ours' | 'floor' | 'ratio'> {}

/** Both sides by turns, so that a busy minute of the machine meets both; each in a process of its own and a new file. */
export async function compare(contest: Contest): Promise<Comparison> {
  await mkdir(folder, { recursive: true });
  const ours: Loaded[] = [];
  const floor: Loaded[] = [];
  for (let round = 0; round < contest.rounds; round += 1) {
    floor.push(await loadOnce(contest, contest.floor));
    ours.push(await loadOnce(contest, contest.ours));
  }
  const sums = new Set([...ours, ...floor].map(({ rows, sum }) => `${rows} ${sum}`));
  const rows = ours[0]?.rows ?? 0;
  const pair = (field: keyof Measured): Pair => {
    const [own, bare] = [median(ours, field), median(floor, field)];
    return { ours: own, floor: bare, ratio: own / bare };
  };
  return {
    rows,
    checksum: sums.size === 1 && rows > 0 ? 'equal' : 'differs',
    seconds: pair('seconds'),
    cpuSeconds: pair('cpuSeconds'),
    peakMegabytes: pair('peakMegabytes'),
  };
}

interface Loaded extends Measured {
  readonly rows: number;
  readonly sum: string;
}

function median(all: readonly Measured[], field: keyof Measured): number {
  const sorted = all.map((each) => each[field]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Loads once into a file that is gone afterwards. */
export async function loadOnce(
  { input, values }: Pick<Contest, 'input' | 'values'>,
  { script, table }: Side,
): Promise<Loaded> {
  const own = await mkdtemp(join(folder, 'run-'));
  const path = join(own, 'bench.duckdb');
  try {
    const measured = await runChild(join(import.meta.dirname, script), { ...input, path });
    return { ...measured, ...(await fingerprint(path, table, values)) };
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** The pair of times as rows per second. */
export function rates({ seconds, rows }: Comparison): Pair {
  return { ours: rows / seconds.ours, floor: rows / seconds.floor, ratio: seconds.ratio };
}
