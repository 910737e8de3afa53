import type { ByteStream } from '../../../bytes.ts';
import { fatal, isCatchmentError, retryable } from '../../../errors.ts';
import { bigqueryError, isTransient } from '../errors.ts';
import type { Bigquery, JobRequest } from '../jobs.ts';
import { detailed, jobId, waitFor } from '../jobs.ts';
import { waitMs } from '../rest.ts';
import { numberRecords } from './number-records.ts';
import type { Upload } from './upload.ts';
import { openUpload, UploadLost } from './upload.ts';

/** A stream that is in a raw table now. */
export interface UploadedStream {
  /** Its rows have the numbers from `take * takeRows` on; those of other takes do not count. */
  readonly take: number;
  readonly rows: number;
  readonly announced: number | undefined;
  readonly bytes: number;
}

/** Rows that one reading of a stream may have. */
export const takeRows = 10 ** 12;

/** A stream is read anew, from its beginning, when BigQuery loses an upload or fails a load for a passing reason. */
const takes = 4;

export interface StreamUpload {
  /** What is loaded, for errors: lower case. */
  readonly what: string;
  /** Table that the rows go to; its first column takes the number. */
  readonly table: string;
  readonly stream: ByteStream;
  /** Position among the streams of this table. */
  readonly index: number;
}

/** Sends a stream by load jobs of a bounded size, each of which begins while the next one fills. */
export async function uploadStream(bigquery: Bigquery, request: StreamUpload): Promise<UploadedStream> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendOnce(bigquery, request, request.index * takes + attempt + 1);
    } catch (error) {
      const isPassing = error instanceof UploadLost || error instanceof PassingFailure;
      if (!isPassing) throw error;
      if (attempt + 1 >= takes)
        throw retryable('warehouse', {
          what: error.message,
          todo: 'several attempts failed; run it again later',
        });
      await bigquery.settings.sleep(waitMs(attempt + 1));
    }
  }
}

/** A load job that may succeed when it is made again, under a new id. */
class PassingFailure extends Error {}

async function sendOnce(
  bigquery: Bigquery,
  { what, table, stream, index }: StreamUpload,
  take: number,
): Promise<UploadedStream> {
  const { project: projectId, dataset: datasetId, pipeBytes } = bigquery.settings;
  const numberer = numberRecords(take * takeRows);
  const read = stream.open('csv');
  const loads: Promise<void>[] = [];
  let bytes = 0;
  let part:
    | { readonly upload: Upload; readonly id: string; readonly first: number; bytes: number }
    | undefined;

  const request: JobRequest = {
    what,
    id: '',
    configuration: {
      load: {
        destinationTable: { projectId, datasetId, tableId: table },
        sourceFormat: 'CSV',
        writeDisposition: 'WRITE_APPEND',
        createDisposition: 'CREATE_NEVER',
        maxBadRecords: 0,
        ignoreUnknownValues: false,
        ...canonicalCsv,
      },
    },
  };
  const close = async () => {
    if (part === undefined) return;
    const { upload, id, first } = part;
    part = undefined;
    await upload.finish();
    const done = expectRows(bigquery, what, id, numberer.records - first);
    // Whoever waits for it next gets the error; until then it must not end the process.
    done.catch(() => undefined);
    loads.push(done);
  };
  const write = async (block: Buffer, first: number) => {
    if (part === undefined) {
      const id = `${jobId('pipe', table, index, take)}_${loads.length + 1}`;
      part = { upload: await openUpload(bigquery, request, id), id, first, bytes: 0 };
    }
    await part.upload.write(block);
    part.bytes += block.length;
    if (part.bytes >= pipeBytes) await close();
  };

  for await (const chunk of guarded(what, read.chunks)) {
    bytes += chunk.length;
    const first = numberer.records;
    const block = numberer.push(chunk);
    if (block !== undefined) await write(block, first);
  }
  const first = numberer.records;
  const last = numberer.end();
  if (last !== undefined) await write(last, first);
  await close();
  await Promise.all(loads);
  return { take, rows: numberer.records, announced: read.rows(), bytes };
}

/** The format of `bytes.ts` in BigQuery's words. */
const canonicalCsv = {
  fieldDelimiter: ',',
  quote: '"',
  nullMarker: '\\N',
  encoding: 'UTF-8',
  allowQuotedNewlines: true,
  allowJaggedRows: false,
  preserveAsciiControlCharacters: true,
} as const;

/** @throws retryable `vendor` in place of what a source throws that is no error of the kit */
async function* guarded(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    if (isCatchmentError(cause)) throw cause;
    throw retryable('vendor', {
      what: `${what}: a stream of rows broke off (${(cause as Error).message})`,
      todo: 'nothing of it was loaded; run it again',
      cause,
    });
  }
}

async function expectRows(bigquery: Bigquery, what: string, id: string, rows: number): Promise<void> {
  const { status, statistics } = await waitFor(bigquery, { what }, id);
  if (status.errorResult !== undefined) {
    const refusal = detailed(status);
    if (isTransient(refusal)) throw new PassingFailure(`BigQuery: ${what} failed (${refusal.message})`);
    throw bigqueryError(what, refusal, bigquery.settings.now());
  }
  const loaded = Number(statistics.load?.outputRows);
  if (loaded !== rows)
    throw fatal('warehouse', {
      what: `BigQuery: ${what} took another number of rows than it was given`,
      got: loaded,
      allowed: `${rows}`,
      todo: 'nothing of the slice was committed; report it',
    });
}
