import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickhouseServer } from '../../../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import type { FileRef } from '../../extract.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { openClickhouse } from './warehouse.ts';

describe.skipIf(unavailable('clickhouse') !== undefined)('files into a server of its own', () => {
  let server: ClickhouseServer;
  let folder = '';

  beforeAll(async () => {
    server = await startClickhouse();
    folder = await mkdtemp(join(tmpdir(), 'catchment-clickhouse-load-'));
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const target = items({
    ...{ key: [], writeMode: 'append' },
    columns: [
      column('id', 'INTEGER', 'REQUIRED'),
      ...[column('amount', 'NUMERIC'), column('rate', 'FLOAT'), column('is_paid', 'BOOLEAN')],
      ...[
        column('day', 'DATE'),
        column('placed', 'DATETIME'),
        column('moment', 'TIMESTAMP'),
        column('note', 'STRING'),
      ],
    ],
  });

  /** Loads one file and gives the rows and what was wrong with others. */
  async function load(name: string, content: string | Buffer, ref: Partial<FileRef> = {}) {
    for (const database of ['conformance', 'catchment', 'catchment_staging'])
      await server.run(`DROP DATABASE IF EXISTS ${database} SYNC`);
    const { url, user, password } = server;
    const bench = await openBench(async () =>
      openClickhouse({ name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' }, { user, password }),
    );
    const path = join(folder, name);
    await writeFile(path, content);
    await bench.warehouse.prepare([target]);
    const stage = await bench.warehouse.openStage(target, 'a');
    const loaded = await stage.load([{ path, format: 'csv', ...ref }]);
    await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
    await stage.discard();
    const names = target.columns.map((each) => each.name).join(', ');
    const rows = await bench.rows(`select ${names}, _origin from conformance.items order by id`);
    await bench.warehouse.close();
    return { loaded, rows, flaws: loaded.quarantined.map(({ row, path: at }) => ({ row, path: at })) };
  }

  const header = target.columns.map(({ name }) => name).join(',');
  const good = [
    '1,1.5,2.5e-3,true,2024-02-29,2024-02-29 00:00:00,2024-02-29T23:59:59.9,"a,""b""\r\nc \'d\'"',
    '2,,,,,,,""',
    '3,-0.000000001,-7,false,1900-01-01,2299-12-31 23:59:59.999999,1969-12-31 23:59:59.999999, x ',
    '4,,,,,,,',
  ];

  it('loads CSV as it is: quotes, line ends in cells, empty texts beside NULL', async () => {
    const { loaded, rows } = await load('good.csv', `${[header, ...good].join('\n')}\n`);
    expect(loaded).toMatchObject({ read: 4, quarantined: [], drift: [] });
    expect(rows.map((row) => row.at(-2))).toEqual(['a,"b"\r\nc \'d\'', '', ' x ', null]);
    expect(rows[1]?.slice(1, 7)).toEqual([null, null, null, null, null, null]);
  });

  it('takes the delimiter of the file, columns in any order, and files without a header', async () => {
    const short = await load('short.tsv', 'note\tid\na,b\t7\n');
    expect(short.rows).toEqual([[7, null, null, null, null, null, null, 'a,b', 'a']]);
    const bare = await load('bare.csv', `8${';'.repeat(7)}\n`, { header: false, delimiter: ';' });
    expect(bare.rows).toEqual([[8, null, null, null, null, null, null, null, 'a']]);
  });

  // Each makes the whole file take the other way, and most of them are quarantined there.
  const odd = [
    ...['9,1.1234567891', '9,NaN', '9,,NaN', '9,,inf', '9,,,yes', '9,,,,2023-02-29', '9,,,,1899-12-31'],
    ...[
      '9,,,,,2024-01-01 24:00:00',
      '9,,,,,,2024-01-01 00:00:00+02',
      '9.0',
      '9223372036854775808',
      ',,,,,,,x',
    ],
    ...['9,,,,,,,\\N', '9,,,,,,,"a\n\\.\n"'],
  ].map((cells) => `${cells}${','.repeat(7 - (cells.split(',').length - 1))}`);

  it.each([good.join('\n'), ...odd])('gives the same rows as the checked reader: %j', async (lines) => {
    const text = `${header}\n${good[0]}\n${lines}\n`;
    const asItIs = await load('odd.csv', text);
    const checked = await load('odd.csv.gz', gzipSync(text));
    expect(asItIs.rows).toEqual(checked.rows);
    expect(asItIs.flaws).toEqual(checked.flaws);
  });
});
