import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileRef } from '../../extract.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Warehouse } from '../warehouse.ts';
import { commitStage, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;
let folder: string;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
  folder = await mkdtemp(join(tmpdir(), 'catchment-bigquery-load-'));
});

afterEach(async () => {
  await fixture.emulator.close();
  await rm(folder, { recursive: true, force: true });
});

function put(name: string, content: string | Buffer): string {
  fixture.emulator.objects.set(`gs://bucket/${name}`, Buffer.from(content));
  return `gs://bucket/${name}`;
}

async function load(files: readonly FileRef[], table: TableTarget = target) {
  const lease = await takeLease(warehouse);
  await warehouse.prepare([table]);
  const stage = await warehouse.openStage(table, 'acc');
  const loaded = await stage.load(files);
  const outcome = await commitStage(warehouse, lease, stage);
  await stage.discard();
  const { rows } = await warehouse.query('SELECT * FROM ads ORDER BY 1, 2');
  return { loaded, outcome, rows };
}

describe('CSV in a bucket', () => {
  it('is loaded by its header, whatever its order, and keeps fields without a column', async () => {
    const path = put(
      'a.csv',
      'value,id,"new ""field""",day\n1,a,7,2026-11-01\n,"",,2026-11-02\n3,,x,2026-11-03\n',
    );
    const { loaded, rows } = await load([{ path, format: 'csv' }]);
    expect(rows).toEqual([
      ['2026-11-01', 'a', 1, 'acc', '{"new \\"field\\"":"7"}'],
      ['2026-11-02', '', null, 'acc', null],
      ['2026-11-03', null, 3, 'acc', '{"new \\"field\\"":"x"}'],
    ]);
    expect(loaded).toEqual({
      read: 3,
      bytes: 78,
      quarantined: [],
      drift: [
        {
          field: 'new "field"',
          suggested: { name: 'new__field_', type: 'STRING', mode: 'NULLABLE', sourceName: 'new "field"' },
          rows: 2,
        },
      ],
    });
    const bodies = fixture.emulator.requests.filter(({ path: at }) => at.startsWith('/upload/'));
    expect(bodies).toEqual([]);
  });

  it('sends bad rows back, without a position, since BigQuery knows none', async () => {
    const path = put('a.csv', 'day,id,value\n2026-11-01,a,1.0\n2026-11-01,b,1.5\nyesterday,c,1\n');
    const { loaded, rows } = await load([{ path, format: 'csv' }]);
    expect(rows).toHaveLength(1);
    expect(loaded.quarantined).toEqual(
      expect.arrayContaining([
        { row: undefined, path: 'value', reason: 'is not a whole number of 64 bits', masked: '***' },
        { row: undefined, path: 'day', reason: 'is not a date as YYYY-MM-DD', masked: 'ye*****ay' },
      ]),
    );
    expect(loaded.quarantined).toHaveLength(2);
  });

  it('of one header goes in one job, packed or not, and of another in another', async () => {
    const files = [
      put('a.csv', 'day;id;value\n2026-11-01;a;1\n'),
      put('b.csv.gz', gzipSync('day;id;value\n2026-11-01;b;2\n')),
      put('c.csv', 'id;day\nc;2026-11-01\n'),
    ].map((path): FileRef => ({ path, format: 'csv', delimiter: ';' }));
    const { rows } = await load(files);
    expect(rows.map(([, id, value]) => [id, value])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', null],
    ]);
    const jobs = fixture.emulator.jobs.all().flatMap(({ configuration }) => configuration.load ?? []);
    expect(jobs.map(({ sourceUris }) => sourceUris)).toEqual([
      ['gs://bucket/a.csv', 'gs://bucket/b.csv.gz'],
      ['gs://bucket/c.csv'],
    ]);
  });

  it('may have a word for NULL, another quote and no header', async () => {
    const path = put('a.csv', "2026-11-01,'a,b',n/a\n");
    const { rows } = await load([{ path, format: 'csv', header: false, quote: "'", nullMarker: 'n/a' }]);
    expect(rows).toEqual([['2026-11-01', 'a,b', null, 'acc', null]]);
  });

  it('that lacks a REQUIRED column, is not there or is ragged is named', async () => {
    const stage = await warehouse.openStage(target, 'acc');
    await expect(
      stage.load([{ path: put('a.csv', 'id,value\na,1\n'), format: 'csv' }]),
    ).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('gs://bucket/a.csv lacks the column "day", which is REQUIRED'),
    });
    await expect(stage.load([{ path: 'gs://bucket/none.csv', format: 'csv' }])).rejects.toMatchObject({
      code: 'bad-file',
      message: '[ads] there is no such file: got "gs://bucket/none.csv"; name a file that exists',
    });
    const ragged = put('r.csv', 'day,id,value\n2026-11-01,a,1,9\n');
    await expect(stage.load([{ path: ragged, format: 'csv' }])).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-file',
      message:
        '[marts.ads] BigQuery cannot read a file: Error while reading data, error message: CSV processing encountered too many values in row 1: got "gs://bucket/r.csv"; correct the file, or how the table says it is written; nothing of it was loaded',
    });
    await stage.discard();
  });
});

const nullable = (name: string, type: Column['type']): Column => ({ name, type, mode: 'NULLABLE' });

describe('JSON Lines in a bucket', () => {
  it('keep digits, types and fields without a column', async () => {
    const columns = [
      ...target.columns,
      nullable('amount', 'NUMERIC'),
      nullable('free', 'JSON'),
      nullable('at', 'TIMESTAMP'),
    ];
    const path = put(
      'a.ndjson',
      '{"day":"2026-11-01","id":7300000000000000123,"value":9223372036854775807,"amount":0.123456789,"free":{"a":[1,12345678901234567890123]},"at":"2026-11-01T10:00:00.5+02:00"}\n' +
        '{"id":"b","day":"2026-11-02","value":null,"more":{"x":1},"at":"2026-11-01 10:00"}\n\n',
    );
    const { loaded, rows } = await load([{ path, format: 'ndjson' }], { ...target, columns });
    expect(rows).toEqual([
      [
        ...['2026-11-01', '7300000000000000123', '9223372036854775807', '0.123456789'],
        ...['{"a":[1,"12345678901234567890123"]}', '2026-11-01 08:00:00.5+00', 'acc', null],
      ],
      ['2026-11-02', 'b', null, null, null, '2026-11-01 10:00:00+00', 'acc', '{"more":{"x":1}}'],
    ]);
    expect(loaded).toMatchObject({
      read: 2,
      drift: [{ field: 'more', suggested: { name: 'more', type: 'JSON', mode: 'NULLABLE' }, rows: 1 }],
    });
  });

  it('send broken lines and lists where a value should be back', async () => {
    const path = put(
      'a.ndjson',
      '{"day":"2026-11-01","id":"a"}\n{"day":"2026-11-01",\n{"day":"2026-11-01","id":["b"]}\n',
    );
    const { loaded, rows } = await load([{ path, format: 'ndjson' }]);
    expect(rows).toHaveLength(1);
    expect(loaded.quarantined.map(({ path: at, reason }) => `${at} ${reason}`).sort()).toEqual([
      'day is not JSON',
      'id is a list or a record',
    ]);
  });

  it('are refused as one JSON document', async () => {
    const path = put('a.json', '{"data":[{"day":"2026-11-01"}]}');
    const stage = await warehouse.openStage(target, 'acc');
    await expect(stage.load([{ path, format: 'json', records: 'data' }])).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('BigQuery loads no records from inside a file'),
    });
  });
});

describe('Parquet in a bucket', () => {
  async function parquet(sql: string): Promise<Buffer> {
    const path = join(folder, 'made.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return readFile(path);
  }

  it('is loaded with its types, and cast where nothing is lost', async () => {
    const columns: Column[] = [
      ...target.columns,
      nullable('amount', 'NUMERIC'),
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      nullable('at', 'TIMESTAMP'),
    ];
    const content = await parquet(
      "SELECT DATE '2026-11-01' AS day, 7 AS id, 2.0::DOUBLE AS value, 0.5::DECIMAL(9,2) AS amount, ['x', 'y'] AS tags, TIMESTAMPTZ '2026-11-01 10:00:00.000001+00' AS at, 'new' AS more " +
        "UNION ALL SELECT DATE '2026-11-02', 8, 2.5, NULL, [], NULL, NULL",
    );
    const { loaded, rows } = await load([{ path: put('a.parquet', content), format: 'parquet' }], {
      ...target,
      columns,
    });
    expect(rows).toEqual([
      ['2026-11-01', '7', 2, '0.5', ['x', 'y'], '2026-11-01 10:00:00.000001+00', 'acc', '{"more":"new"}'],
    ]);
    expect(loaded).toMatchObject({
      read: 2,
      bytes: content.length,
      quarantined: [{ path: 'value', reason: 'is not a whole number of 64 bits', masked: '***' }],
      drift: [{ field: 'more', rows: 1 }],
    });
  });

  it('with a column of another kind is refused, naming both', async () => {
    const path = put('a.parquet', await parquet("SELECT DATE '2026-11-01' AS day, 'a' AS id, [1] AS value"));
    const stage = await warehouse.openStage(target, 'acc');
    await expect(stage.load([{ path, format: 'parquet' }])).rejects.toMatchObject({
      code: 'bad-file',
      message:
        '[ads] column "value" of gs://bucket/a.parquet cannot become "value": got "REPEATED INTEGER"; allowed: INTEGER; correct schemas/vendor/ads.json',
    });
  });
});

describe('a file of this machine', () => {
  it('is checked here and piped, in its order, with what has no column', async () => {
    const path = join(folder, 'a.csv');
    await writeFile(path, 'day,id,value,more\n2026-11-01,a,1,x\n2026-11-01,a,2,\n2026-11-02,b,no,\n');
    const { loaded, outcome, rows } = await load([{ path, format: 'csv' }]);
    expect(rows).toEqual([['2026-11-01', 'a', 2, 'acc', null]]);
    expect(outcome).toMatchObject({ inserted: 1, duplicates: 1 });
    expect(loaded).toMatchObject({
      read: 3,
      quarantined: [{ row: 2, path: 'value' }],
      drift: [{ field: 'more', rows: 1 }],
    });
  });

  it('may hold lists, records and JSON inside a document', async () => {
    const path = join(folder, 'a.json');
    const columns: Column[] = [
      ...target.columns,
      { name: 'part', type: 'RECORD', mode: 'NULLABLE', fields: [nullable('n', 'INTEGER')] },
    ];
    await writeFile(
      path,
      '{"data":[{"day":"2026-11-01","id":"a","value":1,"part":{"n":9223372036854775807},"more":[1]}]}',
    );
    const { rows } = await load([{ path, format: 'json', records: 'data' }], { ...target, columns });
    expect(rows).toEqual([['2026-11-01', 'a', 1, { n: '9223372036854775807' }, 'acc', '{"more":[1]}']]);
  });
});
