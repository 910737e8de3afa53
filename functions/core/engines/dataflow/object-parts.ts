import { retryable } from '../../errors.ts';
import type { Http } from '../../http/http.ts';
import type { DataflowPlace } from '../../run/request.ts';
import type { DataflowApi, DataflowJob } from './api.ts';
import type { EngineSlice } from './engine-job.ts';

/** Where a job's own objects are, in the staging bucket. */
export function folderOf({ bucket }: DataflowPlace, jobName: string): string {
  return `gs://${bucket}/dataflow/${jobName}`;
}

/**
 * Compares what a job counted with what is in its table.
 *
 * @throws retryable `vendor` when the two differ
 */
export async function checkWritten(
  { run, names }: EngineSlice,
  {
    api,
    job,
    step,
    what,
    found,
  }: {
    readonly api: DataflowApi;
    readonly job: DataflowJob;
    /** The step of the template that wrote it. */
    readonly step: RegExp;
    readonly what: string;
    readonly found: number;
  },
): Promise<void> {
  const told = await api.rowsWritten(job.id, step);
  if (told === undefined || told === found) return;
  throw retryable('vendor', {
    where: run.setup.where,
    what: `the Dataflow job ${names.job} wrote ${told} ${what}, and ${found} are in its table`,
    todo: 'nothing of it was loaded; the next run reads the slice again',
  });
}

/** The same text at the same place, however often. https://cloud.google.com/storage/docs/json_api/v1/objects/insert */
export async function putText(
  http: Http,
  url: string,
  body: string,
  type = 'application/json',
): Promise<void> {
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  await http.send({
    method: 'POST',
    url: `https://storage.googleapis.com/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
    query: { uploadType: 'media', name },
    headers: { 'content-type': type },
    body,
    auth: 'google',
  });
}
