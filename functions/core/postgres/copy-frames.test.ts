import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCopyFrames } from './copy-frames.ts';

it('gives the rows of any COPY, wherever its bytes are cut and whatever comes between them', () => {
  const between = fc.constantFrom('H', 'N', 'S', 'A').map((type) => ({ type, body: Buffer.from('notice') }));
  const row = fc.uint8Array({ maxLength: 40 }).map((body) => ({ type: 'd', body: Buffer.from(body) }));
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: row }, between)), fc.nat(50), (messages, size) => {
      const ending = Buffer.concat([message('c', Buffer.alloc(0)), message('C', Buffer.from('COPY 1\0'))]);
      const sent = Buffer.concat([...messages.map(({ type, body }) => message(type, body)), ending]);
      const frames = createCopyFrames();
      const rows: Uint8Array[] = [];
      let at = 0;
      while (frames.rest === undefined) {
        const end = at + 1 + size;
        rows.push(Buffer.from(frames.push(Buffer.from(sent.subarray(at, end)))));
        at = end;
      }
      const bodies = messages.filter(({ type }) => type === 'd').map(({ body }) => body);
      expect(Buffer.concat(rows)).toEqual(Buffer.concat(bodies));
      expect(Buffer.concat([frames.rest, sent.subarray(at)])).toEqual(ending);
    }),
  );
});

it('leaves an error of the server to who reads errors', () => {
  const error = message('E', Buffer.from('SERROR\0\0'));
  const frames = createCopyFrames();
  const rows = frames.push(Buffer.concat([message('d', Buffer.from('1\n')), error]));
  expect([Buffer.from(rows).toString(), frames.rest]).toEqual(['1\n', error]);
});

function message(type: string, body: Buffer): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 0);
  bytes.writeUInt32BE(4 + body.length, 1);
  body.copy(bytes, 5);
  return bytes;
}
