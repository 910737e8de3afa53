import { constants, gunzipSync } from 'node:zlib';
import { fatal } from '../../../errors.ts';
import type { FileRef } from '../../../extract.ts';
import type { InspectedFile } from '../../../files/inspect-file.ts';
import type { Bigquery } from '../jobs.ts';

/** A header line is looked for in as many bytes. */
const headBytes = 256 * 1024;

/** The first bytes of an object, unpacked. The account that loads a file may read it, so this takes no other role. */
export async function readHead(
  { rest, settings }: Bigquery,
  ref: FileRef,
  where: string,
): Promise<InspectedFile> {
  const [, bucket = '', key = ''] = /^gs:\/\/([^/]+)\/(.+)$/.exec(ref.path) ?? [];
  const url = new URL(
    `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}?alt=media`,
    settings.storageUrl,
  );
  const reply = await rest({
    what: `reading the beginning of ${ref.path}`,
    method: 'GET',
    path: url,
    headers: { range: `bytes=0-${headBytes - 1}`, 'accept-encoding': 'gzip' },
    isRaw: true,
    expect: [404, 416],
  });
  const refuse = (what: string, todo: string) => fatal('bad-file', { where, what, got: ref.path, todo });
  if (reply.status === 404) throw refuse('there is no such file', 'name a file that exists');
  if (reply.status === 416 || reply.bytes.length === 0)
    throw refuse('the file is empty', 'deliver it again, or remove it');
  const isGzip = reply.bytes[0] === 0x1f && reply.bytes[1] === 0x8b;
  const head = isGzip
    ? gunzipSync(reply.bytes, { finishFlush: constants.Z_SYNC_FLUSH })
    : Buffer.from(reply.bytes);
  return { ref, where, bytes: reply.bytes.length, compression: isGzip ? 'gzip' : 'none', head };
}
