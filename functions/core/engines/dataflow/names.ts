import { createHash } from 'node:crypto';
import type { Lease, SliceRecord } from '../../ledger/ledger.ts';

/** What one attempt at one slice is called; the same in every run until the ledger says that it has ended. */
export interface AttemptNames {
  /** https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs: lower-case letters, digits and dashes. */
  readonly job: string;
  /** In the pipeline's dataset. */
  readonly table: string;
}

/**
 * Names come from the slice and from what the ledger says of it: a commit or a failure ends an attempt, and the next one has
 * other names. So a run needs no memory of what it has launched, and a job of an earlier day is never taken for today's.
 *
 * @param ended the newest record of the slice
 */
export function namesOf(
  { pipeline, group, lane }: Pick<Lease, 'pipeline' | 'group' | 'lane'>,
  sliceId: string,
  ended: SliceRecord | undefined,
): AttemptNames {
  const round = ended === undefined ? '' : `${ended.status} ${ended.at.toISOString()}`;
  const hash = createHash('sha256')
    .update(JSON.stringify([pipeline, group, lane, sliceId, round]))
    .digest('hex')
    .slice(0, 16);
  return { job: `etl-${pipeline}-${hash}`, table: `catchment_dataflow_${hash}` };
}
