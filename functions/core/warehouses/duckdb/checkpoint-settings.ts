import type { Commit } from '../warehouse.ts';

/** Merges of a table's row groups in one checkpoint, while a log is quiet. */
const quietMerges = 8;

/**
 * The COMMIT that brings DuckDB's log to `checkpoint_threshold` also writes the tables, and until that is done nothing else
 * is committed. With two busy cores and rows of 300 bytes (DuckDB 1.5.5), that takes 0.25 to 0.5 s for 16 MB, the default,
 * and up to a second more where small row groups are merged into full ones, by default up to 100 times. So urgent commits
 * write less at a time and merge nothing; what they leave is merged by later checkpoints, and is as large as the threshold.
 *
 * @returns statements. The settings are the whole file's and last until the next commit
 */
export function checkpointSettings({ isUrgent }: Pick<Commit, 'isUrgent'>): string {
  if (isUrgent === true) return `SET checkpoint_threshold = '8MB'; SET max_vacuum_tasks = 0`;
  const merges = isUrgent === undefined ? 'RESET max_vacuum_tasks' : `SET max_vacuum_tasks = ${quietMerges}`;
  return `RESET checkpoint_threshold; ${merges}`;
}
