import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from './refuse.ts';

/** An object's content, or the range of it that was asked for, as Cloud Storage's JSON API gives it. */
export function readObject(
  objects: ReadonlyMap<string, Buffer>,
  url: URL,
  headers: IncomingHttpHeaders,
): { readonly status: number; readonly content: Buffer } {
  const match = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(url.pathname);
  if (match === null || url.searchParams.get('alt') !== 'media')
    return refuse('notFound', `no such path ${url.pathname}`, 404);
  const uri = `gs://${decodeURIComponent(match[1] ?? '')}/${decodeURIComponent(match[2] ?? '')}`;
  const content = objects.get(uri) ?? refuse('notFound', `No such object: ${uri}`, 404);
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  if (range === null) return { status: 200, content };
  const from = Number(range[1]);
  if (from >= content.length) return refuse('requestedRangeNotSatisfiable', 'the range is outside', 416);
  return { status: 206, content: content.subarray(from, Number(range[2]) + 1) };
}
