import { isCatchmentError, retryable } from '../../../errors.ts';
import type { Bigquery, JobRequest } from '../jobs.ts';
import { jobOf } from '../jobs.ts';
import type { RestReply } from '../rest.ts';
import { waitMs } from '../rest.ts';

/**
 * Content of a load job that is sent in pieces while it is made. One piece is held in memory, until BigQuery says that it
 * has it. https://cloud.google.com/bigquery/docs/reference/api-uploads#resumable
 */
export interface Upload {
  write(bytes: Uint8Array): Promise<void>;
  /** Sends the rest; the job begins. */
  finish(): Promise<void>;
}

/** Thrown when BigQuery forgot the upload: it must be sent anew, under a new id. */
export class UploadLost extends Error {}

const attempts = 8;

/** @param id of the job: an upload whose job is there already takes no more bytes */
export async function openUpload(bigquery: Bigquery, request: JobRequest, id: string): Promise<Upload> {
  const { settings, rest } = bigquery;
  const { what } = request;
  const { chunkBytes } = settings;
  const { session, isThere } = await begin(bigquery, request, id);
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** What BigQuery has. */
  let sent = 0;

  const put = (range: string, body: Uint8Array) =>
    rest({
      what,
      method: 'PUT',
      path: session,
      headers: { 'content-range': range },
      body: { type: 'application/octet-stream', bytes: body },
      expect: [308, 404, 409, 410],
      attempts: 1,
    });

  /** Sends a piece, and after a lost answer only what BigQuery has not got of it. True when the job has begun. */
  const send = async (piece: Buffer, isLast: boolean): Promise<boolean> => {
    const end = sent + piece.length;
    const total = isLast ? String(end) : '*';
    const first = sent;
    let isUnsure = false;
    for (let attempt = 1; ; attempt += 1) {
      let reply: RestReply;
      try {
        const body = piece.subarray(sent - first);
        const range = body.length === 0 ? `bytes */${total}` : `bytes ${sent}-${end - 1}/${total}`;
        reply = isUnsure ? await put('bytes */*', Buffer.alloc(0)) : await put(range, body);
      } catch (error) {
        if (!isCatchmentError(error) || error.code !== 'warehouse' || error.kind !== 'retryable') throw error;
        if (attempt >= attempts) throw error;
        isUnsure = true;
        await settings.sleep(waitMs(attempt));
        continue;
      }
      if (reply.status < 300 || reply.status === 409) return true;
      if (reply.status !== 308) {
        // The last answer may have been lost together with what BigQuery knew of the upload.
        if (isLast && (await isJobThere(bigquery, what, id))) return true;
        throw new UploadLost(`BigQuery: ${what}: the upload is gone (${reply.status})`);
      }
      sent = Math.max(sent, storedBytes(reply));
      if (sent === end && !isLast) return false;
      isUnsure = false;
      if (attempt >= attempts)
        throw retryable('warehouse', {
          what: `BigQuery: ${what}: the upload makes no progress`,
          got: `${sent} of ${end} bytes`,
          todo: 'run it again later',
        });
    }
  };

  return {
    async write(bytes) {
      if (isThere) return;
      held.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      heldBytes += bytes.byteLength;
      if (heldBytes < chunkBytes) return;
      const all = Buffer.concat(held);
      let from = 0;
      for (; all.length - from >= chunkBytes; from += chunkBytes)
        await send(all.subarray(from, from + chunkBytes), false);
      held = [Buffer.from(all.subarray(from))];
      heldBytes = all.length - from;
    },
    async finish() {
      if (!isThere) await send(Buffer.concat(held), true);
    },
  };
}

async function begin(bigquery: Bigquery, request: JobRequest, id: string) {
  const { rest, settings } = bigquery;
  const reply = await rest({
    what: request.what,
    method: 'POST',
    path: 'jobs',
    isUpload: true,
    query: { uploadType: 'resumable' },
    json: jobOf(settings, request, id),
    headers: { 'x-upload-content-type': 'application/octet-stream' },
    expect: [409],
  });
  const address = String(reply.headers.location ?? '');
  const isThere = reply.status === 409;
  const session = new URL(isThere ? settings.bigqueryUrl : address || 'about:blank', settings.bigqueryUrl);
  // The token goes with every piece, so it goes to BigQuery and nowhere else.
  if (session.host !== new URL(settings.bigqueryUrl).host)
    throw retryable('warehouse', {
      what: `BigQuery: ${request.what} was told to upload to another host`,
      got: session.host,
      todo: 'run it again later',
    });
  return { session, isThere };
}

async function isJobThere({ rest, settings }: Bigquery, what: string, id: string): Promise<boolean> {
  const query = { location: settings.location };
  const { status } = await rest({ what, method: 'GET', path: `jobs/${id}`, query, expect: [404] });
  return status !== 404;
}

/** `Range: bytes=0-1048575` names the last byte that BigQuery has; without it, it has none. */
function storedBytes({ headers }: RestReply): number {
  const last = /^bytes=0-(\d+)$/.exec(String(headers.range ?? ''))?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
