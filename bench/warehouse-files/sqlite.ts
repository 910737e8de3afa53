import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folder } from '../compare.ts';
import { type Engine, summed, toCsv, type } from './engine.ts';

const create =
  'create table flights (date text, delay integer, distance integer, origin text, destination text);';

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
              `insert into flights select line->>'date', line->>'delay', line->>'distance', line->>'origin',
               line->>'destination' from lines;`,
              'drop table lines;',
            );
          else
            await shell(
              byHand,
              '.mode csv',
              `.import --skip 1 '${format === 'csv' ? path : await toCsv(path)}' flights`,
            );
        },
      };
    },
    checksums: () =>
      Promise.all([
        shell(byHand, `select ${summed} from flights;`),
        shell(loaded, `select ${summed} from loaded_flights;`),
      ]),
    close: () => rm(own, { recursive: true, force: true }),
  };
}
