import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { column, items, openBench } from '../conformance/bench.ts';
import { openSqlite } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-sqlite-thread-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const target = items({
  ...{ key: [], writeMode: 'append', dataset: 'main' },
  columns: [column('id', 'INTEGER', 'REQUIRED'), column('price', 'NUMERIC'), column('name', 'STRING')],
});

/** More than a thread is worth. */
const count = 60_000;
const nameOf = (id: number) => (id % 7 === 0 ? '' : `Läufer "${id}",\n${'x'.repeat(150)}`);
const lines = Array.from(
  { length: count },
  (_, id) => `${id},${id % 5 === 0 ? '' : `${id}.50`},"${nameOf(id).replaceAll('"', '""')}"\n`,
);

/** Loads a CSV file into a new database, twice into one stage if asked. */
async function load(text: string, { times = 1, onThread = () => {} } = {}) {
  const path = join(folder, 'many.csv');
  await writeFile(path, text);
  await rm(join(folder, 'w.db'), { force: true });
  let threads = 0;
  const note = () => {
    threads += 1;
    onThread();
  };
  process.on('worker', note);
  const bench = await openBench(() => openSqlite({ path: join(folder, 'w.db') }));
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'x');
  let loaded = await stage.load([{ path, format: 'csv' }]);
  for (let time = 1; time < times; time += 1) loaded = await stage.load([{ path, format: 'csv' }]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], origin: 'x' }));
  await stage.discard();
  process.off('worker', note);
  const rows = await bench.rows('select id, price, name from items order by id');
  const [summary] = await bench.rows(
    'select count(*), count(distinct _origin), min(_origin), count(_extra) from items',
  );
  await bench.warehouse.close();
  return { loaded, rows, summary, threads };
}

const rowOf = (id: number) => [id, id % 5 === 0 ? null : `${id}.5`, nameOf(id)];

it('reads a large file in a thread of its own, every row once and in order', async () => {
  const { loaded, rows, summary, threads } = await load(`id,price,name\n${lines.join('')}`);
  expect([threads, loaded.read, loaded.quarantined, summary]).toEqual([1, count, [], [count, 1, 'x', 0]]);
  expect(rows).toEqual(Array.from({ length: count }, (_, id) => rowOf(id)));
});

it('reads columns that stand in another order', async () => {
  const turned = lines.map((line) => line.replace(/^(\d*),([\d.]*),(".*")\n$/s, '$3,$1,$2\n'));
  const { loaded, rows } = await load(`name,id,price\n${turned.join('')}`);
  expect(loaded.read).toBe(count);
  expect(rows).toEqual(Array.from({ length: count }, (_, id) => rowOf(id)));
});

it('leaves none of its rows behind when the last one has to be looked at closely', async () => {
  const { loaded, rows, threads } = await load(`id,price,name\n${lines.join('')}${count},dear,"x"\n`);
  // The second thread reads what was checked.
  expect([threads, loaded.read]).toEqual([2, count + 1]);
  expect(loaded.quarantined.map(({ row, path }) => [row, path])).toEqual([[count, 'price']]);
  expect(rows).toEqual(Array.from({ length: count }, (_, id) => rowOf(id)));
});

it('adds its rows to those that the stage has', async () => {
  const { loaded, summary } = await load(`id,price,name\n${lines.join('')}`, { times: 2 });
  expect([loaded.read, summary]).toEqual([count, [2 * count, 1, 'x', 0]]);
});

it('keeps a text with quotes that is longer than what is read at once', async () => {
  const long = `say "${'x'.repeat(700_000)}"\n"end"`;
  const { rows } = await load(`id,price,name\n${lines.join('')}${count},1,"${long.replaceAll('"', '""')}"\n`);
  expect(rows.at(-1)).toEqual([count, '1', long]);
});

it('names a file that is gone when the thread opens it', async () => {
  const gone = () => rmSync(join(folder, 'many.csv'), { force: true });
  await expect(load(`id,price,name\n${lines.join('')}`, { onThread: gone })).rejects.toMatchObject({
    code: 'bad-file',
    message: expect.stringContaining('many.csv'),
  });
});
