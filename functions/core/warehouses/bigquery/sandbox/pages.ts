import type { Job } from './jobs.ts';
import { refuse } from './refuse.ts';

const pageRows = 1000;

/** Where a page begins: a token goes on after the last one, an index may begin anywhere. */
export function startOf({ searchParams }: URL): number {
  const [token, index] = [searchParams.get('pageToken'), searchParams.get('startIndex')];
  if (token !== null && index !== null) refuse('invalid', 'Cannot specify both startIndex and pageToken');
  return Number(token ?? index ?? 0);
}

/** @param most rows that were asked for; a page may have fewer */
export async function page(job: Job, from: number, most = 0): Promise<object> {
  await job.ended;
  if (job.error !== undefined) throw job.error;
  const next = from + Math.min(pageRows, most > 0 ? most : pageRows);
  const { fields, rows } = job.result;
  return {
    jobComplete: true,
    jobReference: { projectId: job.project, jobId: job.id, location: job.location },
    ...(fields.length === 0 ? {} : { schema: { fields } }),
    rows: rows.slice(from, next),
    totalRows: String(rows.length),
    ...(next < rows.length ? { pageToken: String(next) } : {}),
  };
}
