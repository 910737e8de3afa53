import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runChild } from '../child.ts';
import { folder } from '../compare.ts';
import { type Engine, summed } from './engine.ts';

const readers = { csv: 'read_csv', ndjson: 'read_json', parquet: 'read_parquet' } as const;

/** Both tables have the same types, but for moments in a file without zones; times may be read as text. */
const sums = summed('length')
  .replace('round(sum(amount))', 'round(sum(amount))::bigint')
  .replaceAll('(opens_at)', '(opens_at::time)')
  .replaceAll(/\((placed_at|updated_at)\)/g, '($1::timestamp)');

/** DuckDB beside the statement that a person would type, each in a process of its own. */
export async function openDuckdbEngine(): Promise<Engine> {
  const own = await mkdtemp(join(folder, 'duckdb-'));
  const [byHand, loaded] = [join(own, 'by-hand.duckdb'), join(own, 'by-kit.duckdb')];
  const read = async (path: string, table: string) => {
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'`);
    const rows = await connection.runAndReadAll(`SELECT concat_ws('|', ${sums}) FROM ${table}`);
    connection.closeSync();
    instance.closeSync();
    return String(rows.getRows()[0]?.[0]);
  };
  return {
    name: 'DuckDB',
    typed: { csv: 'read_csv', ndjson: 'read_json', parquet: 'read_parquet' },
    place: { config: { name: 'main', kind: 'duckdb', path: loaded } },
    async prepare() {
      for (const file of [byHand, loaded])
        for (const end of ['', '.wal']) await rm(`${file}${end}`, { force: true });
      return {
        async load(path, format) {
          const reader = readers[format as keyof typeof readers];
          const script = join(import.meta.dirname, 'duckdb-by-hand.ts');
          // Without the start of its process, as ours is measured.
          return (await runChild(script, { path: byHand, typed: `${reader}('${path}')` })).seconds;
        },
      };
    },
    checksums: () => Promise.all([read(byHand, 'orders'), read(loaded, 'loaded.orders')]),
    close: () => rm(own, { recursive: true, force: true }),
  };
}
