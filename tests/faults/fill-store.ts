import { extract } from '../../functions/files/extract.ts';
import { openPlace } from '../../functions/files/sandbox/places.ts';

/** Brings an object of 32 MB to the folder in the first argument, and prints what came of it. */
const [folder = ''] = process.argv.slice(2);
const place = await openPlace('s3');
await place.put('large.csv', Buffer.alloc(32 * 2 ** 20, '1,2\n'));
const object = await (await place.openStore()).stat('large.csv');
const batches = extract({
  ...place,
  slice: {
    table: 't',
    origin: 'large.csv',
    object: { generation: object?.generation ?? '', bytes: 32 * 2 ** 20 },
    options: { path: 'large.csv' },
  },
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {} },
  columns: [],
  accepts: ['local'],
  scratch: async () => folder,
  ahead: [],
});
const end = await batches.next().then(
  () => ({ message: 'it fitted' }),
  ({ message, code, kind }: { message: string; code: string; kind: string }) => ({ message, code, kind }),
);
process.stdout.write(JSON.stringify(end));
await place.close();
