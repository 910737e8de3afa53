import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WriteMode } from '../../cursor.ts';
import { items, openBench } from '../conformance/bench.ts';
import { openDatabase } from './database.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

const openOne = () => openBench((place) => openDuckdb({ path: join(folder, `${place}.duckdb`) }));

/** Writes a Parquet file whose types fit the table, so that its rows wait for the commit in the file. */
async function parquet(name: string, select: string): Promise<string> {
  const path = join(folder, name);
  const scratch = await openDatabase(join(folder, 'scratch.duckdb'), '512MB');
  await scratch.write((connection) => connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`));
  await scratch.close();
  return path;
}

const [day, id, value] = items().columns;
if (day === undefined || id === undefined || value === undefined) throw new Error('columns are missing');
/** The file's order and names are its own. */
const columns = [{ ...value, sourceName: 'Value of it' }, day, id];
const three = `SELECT 'x' || i AS id, DATE '2026-11-01' AS day, i AS "Value of it" FROM range(3) r(i)`;

describe('rows that wait in a file for the commit', () => {
  it.each<[WriteMode, readonly string[]]>([
    ['append', ['day', 'id']],
    ['append', []],
    ['merge', ['day', 'id']],
    ['replace', ['day', 'id']],
    ['replace', []],
    ['replaceWindow', ['day', 'id']],
    ['replaceWindow', []],
  ])('%s with key %j loads each into its column, twice over', async (mode, key) => {
    const bench = await openOne();
    const target = items({ columns, key });
    const path = await parquet(`${mode}-${key.length}.parquet`, three);
    for (const slice of ['s1', 's2']) {
      await bench.warehouse.prepare([target]);
      const staged = await bench.warehouse.openStage(target, 'a');
      expect(await staged.load([{ path, format: 'parquet' }])).toMatchObject({ read: 3, quarantined: [] });
      expect(staged.rows).toBe(3);
      await bench.warehouse.commit(bench.commitOf([staged], { rows: [], mode, slice }));
      await staged.discard();
    }
    const once = ['2026-11-01 x0 0', '2026-11-01 x1 1', '2026-11-01 x2 2'];
    expect(await bench.items()).toEqual(mode === 'append' ? once.flatMap((row) => [row, row]) : once);
    expect(await bench.rows('select distinct _origin, _extra from conformance.items')).toEqual([['a', null]]);
  });

  it('are followed by rows that come later, and the later row of a key wins', async () => {
    const bench = await openOne();
    const path = await parquet(
      'first.parquet',
      `SELECT 'x' AS id, DATE '2026-11-01' AS day, 1::BIGINT AS value`,
    );
    await bench.warehouse.prepare([items()]);
    const staged = await bench.warehouse.openStage(items(), 'a');
    await staged.load([{ path, format: 'parquet' }]);
    await staged.append({ rows: 1, values: [['2026-11-01'], ['x'], [2n], ['a'], [null]] });
    await staged.load([
      {
        path: await parquet('last.parquet', `SELECT 'x' AS id, DATE '2026-11-01' AS day, 3::BIGINT AS value`),
        format: 'parquet',
      },
    ]);
    expect(staged.rows).toBe(3);
    const [outcome] = await bench.warehouse.commit(bench.commitOf([staged], { rows: [], mode: 'merge' }));
    expect(outcome).toMatchObject({ inserted: 1, duplicates: 2 });
    expect(await bench.items()).toEqual(['2026-11-01 x 3']);
  });

  it('are refused when the file is another one by then', async () => {
    const bench = await openOne();
    const path = await parquet('changes.parquet', three);
    for (const key of [[], ['day', 'id']]) {
      const target = items({ columns, key });
      await bench.warehouse.prepare([target]);
      const staged = await bench.warehouse.openStage(target, 'a');
      await staged.load([{ path, format: 'parquet' }]);
      await parquet('changes.parquet', `${three} LIMIT 2`);
      await expect(
        bench.warehouse.commit(bench.commitOf([staged], { rows: [], mode: 'replace' })),
      ).rejects.toMatchObject({
        kind: 'fatal',
        code: 'bad-file',
        message:
          '[items] a file changed while it was loaded: 3 rows were checked, 2 came; ' +
          'nothing of it was loaded; run it again when the file is whole',
      });
      expect(await bench.items()).toEqual([]);
      await staged.discard();
      await parquet('changes.parquet', three);
    }
  });
});
