import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folder } from '../compare.ts';
import { orderColumns } from './dataset.ts';
import { type Engine, summed, toCsv, type } from './engine.ts';

const names = orderColumns.map(({ name }) => name);
const create = `create table orders (id integer, customer_id integer, amount numeric, ratio real, is_paid text, ordered_on text,
  opens_at text, placed_at text, updated_at text, status text, title text, notes text, reference text, payload text,
  digest text);`;

/** A time or a moment in the file is the shortest text, in the table of the shell as it was written. */
const sums = summed('length').replaceAll(/\((opens_at|placed_at)\)/g, '(substr($1, 1, 8))');

/** SQLite beside its shell. */
export async function openSqliteEngine(): Promise<Engine> {
  const own = await mkdtemp(join(folder, 'sqlite-'));
  const [byHand, loaded] = [join(own, 'by-hand.db'), join(own, 'loaded.db')];
  const shell = (file: string, ...lines: readonly string[]) =>
    type('sqlite3', [file], { input: `${lines.join('\n')}\n` });
  return {
    name: 'SQLite',
    typed: {
      csv: '.import',
      ndjson: '.import of lines, then json_extract by SQL',
      parquet: 'DuckDB to csv, then .import',
    },
    place: { config: { name: 'main', kind: 'sqlite', path: loaded } },
    async prepare() {
      for (const file of [byHand, loaded])
        for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
      await shell(byHand, create);
      return {
        async load(path, format) {
          if (format === 'ndjson')
            await shell(
              byHand,
              'create table lines (line text);',
              '.mode ascii',
              '.separator "\\037" "\\n"',
              `.import '${path}' lines`,
              `insert into orders select ${names.map((name) => `line->>'${name}'`).join(', ')} from lines;`,
              'drop table lines;',
            );
          else
            await shell(
              byHand,
              '.mode csv',
              `.import --skip 1 '${format === 'csv' ? path : await toCsv(path)}' orders`,
            );
          return undefined;
        },
      };
    },
    checksums: () =>
      Promise.all([
        shell(byHand, `select ${sums} from orders;`),
        shell(loaded, `select ${sums} from loaded_orders;`),
      ]),
    close: () => rm(own, { recursive: true, force: true }),
  };
}
