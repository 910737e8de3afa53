import { randomUUID } from 'node:crypto';
import { refuse } from './refuse.ts';

/** A content that comes in pieces. */
interface Session {
  readonly job: unknown;
  content: Buffer;
  /** The answer to the last piece, once there is one. */
  done: unknown;
}

export interface UploadReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const pieceBytes = 256 * 1024;

/**
 * Resumable uploads. https://cloud.google.com/bigquery/docs/reference/api-uploads#resumable
 *
 * @param start begins a job with the whole content and gives its JSON
 */
export function createUploads(start: (job: unknown, content: Buffer) => unknown) {
  const sessions = new Map<string, Session>();
  return {
    begin(job: unknown, url: string): UploadReply {
      const id = randomUUID();
      sessions.set(id, { job, content: Buffer.alloc(0), done: undefined });
      return { status: 200, headers: { location: `${url}&upload_id=${id}` } };
    },
    /** Makes the service forget all uploads. */
    forget: () => sessions.clear(),
    put(id: string, range: string, bytes: Buffer): UploadReply {
      const session = sessions.get(id) ?? refuse('notFound', 'the upload session is gone', 404);
      if (session.done !== undefined) return { status: 200, body: session.done };
      const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(range);
      if (match === null) return refuse('invalid', `Content-Range "${range}" is no range`);
      const [, from, to, total = '*'] = match;
      if (from !== undefined && to !== undefined) {
        if (Number(to) - Number(from) + 1 !== bytes.length)
          refuse('invalid', `Content-Range "${range}" and ${bytes.length} bytes do not agree`);
        if (Number(from) !== session.content.length)
          refuse('invalid', `the upload goes on at ${session.content.length}, not ${from}`);
        if (total === '*' && bytes.length % pieceBytes !== 0)
          refuse('invalid', 'pieces but the last are multiples of 256 KiB');
        session.content = Buffer.concat([session.content, bytes]);
      } else if (bytes.length > 0) refuse('invalid', 'a question about the state has no content');
      if (total !== '*' && Number(total) === session.content.length) {
        session.done = start(session.job, session.content);
        return { status: 200, body: session.done };
      }
      const last = session.content.length - 1;
      return { status: 308, headers: last < 0 ? {} : { range: `bytes=0-${last}` } };
    },
  };
}

export type Uploads = ReturnType<typeof createUploads>;
