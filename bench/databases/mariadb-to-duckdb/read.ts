import type { ByteStream } from '../../../functions/core/bytes.ts';
import { mysql } from '../../../functions/database/mysql/mysql.ts';
import { source } from '../../../functions/database/source.ts';
import { measure } from '../../child.ts';
import { benchColumns, benchTable } from '../dataset.ts';
import type { MariadbLoad } from './load.ts';

/** The rows as the bytes that a load reads, to nothing. */
await measure<MariadbLoad>(async ({ host, port, user, password, database }) => {
  const options = { from: benchTable, chunkRows: 5_000_000 };
  const context = {
    settings: source.settings.parse({ kind: 'mysql', host, port, database }),
    secret: { user, password },
    signal: new AbortController().signal,
    slice: { table: 'rows', origin: '-', options },
    columns: benchColumns,
    log: { debug: () => {}, info: () => {}, warn: () => {} },
  };
  return async () => {
    for await (const piece of mysql.read(context as unknown as Parameters<typeof mysql.read>[0]))
      if ('bytes' in piece) await Promise.all(piece.bytes.map(drain));
  };
});

async function drain(stream: ByteStream): Promise<void> {
  let bytes = 0;
  for await (const chunk of stream.open('tsv').chunks) bytes += chunk.length;
  if (bytes === 0) throw new Error('no byte came');
}
