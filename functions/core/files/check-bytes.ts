import type { ByteStream } from '../bytes.ts';
import type { Checked, CheckRequest } from './checker.ts';
import { checkWith } from './checker.ts';
import { inspectSegments, loadBytes } from './load-bytes.ts';
import { readSegments } from './read-segments.ts';

/**
 * Reads byte streams cell by cell where a warehouse refused them as they are: rows that break the schema come back, the
 * others are written as one file. Each stream is opened once.
 *
 * @throws retryable `vendor` when a stream breaks off
 */
export function checkBytes(
  request: CheckRequest & { readonly streams: readonly ByteStream[]; readonly segmentBytes?: number },
): Promise<Checked> {
  const { target, origin, streams, folder, segmentBytes } = request;
  return checkWith(request, async (connection, into) => {
    const { loaded: _, ...read } = await readSegments({
      streams,
      folder,
      where: target.name,
      segmentBytes,
      load: (segments, stream, format) => {
        const file = inspectSegments(segments, target.name);
        return loadBytes({ connection, target, origin, into, file }, stream, format);
      },
    });
    return { ...read, drift: [] };
  });
}
