import { refuse } from './refuse.ts';

/** The two parts of a multipart upload: the job and its content. */
export function multipart(type: string, bytes: Buffer): { readonly body: unknown; readonly content: Buffer } {
  const boundary = /^multipart\/related; boundary=([\w-]+)$/.exec(type)?.[1];
  if (boundary === undefined) return refuse('invalid', `no multipart/related: ${type}`);
  const start = Buffer.from(`--${boundary}\r\n`);
  const second = bytes.indexOf(start, start.length);
  const close = bytes.lastIndexOf(`\r\n--${boundary}--`);
  if (bytes.indexOf(start) !== 0 || second < 0 || close < 0) return refuse('invalid', 'broken multipart');
  const afterHead = (from: number) => bytes.indexOf('\r\n\r\n', from) + 4;
  return {
    body: JSON.parse(bytes.subarray(afterHead(0), second).toString('utf8')),
    content: bytes.subarray(afterHead(second), close),
  };
}
