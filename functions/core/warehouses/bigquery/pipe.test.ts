import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteStream } from '../../bytes.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Stage, Warehouse } from '../warehouse.ts';
import { csvStream } from './byte-stream-fixture.ts';
import { commitStage, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
});

afterEach(async () => {
  await fixture.emulator.close();
});

const names = ['day', 'id', 'value'];

async function stageOf(table: TableTarget = target, from = warehouse): Promise<Stage> {
  await from.prepare([table]);
  return from.openStage(table, 'acc');
}

/** Pipes and commits; gives what `pipe` told and all rows of the table. */
async function load(streams: readonly ByteStream[], table: TableTarget = target, from = warehouse) {
  const lease = await takeLease(from);
  const stage = await stageOf(table, from);
  const piped = await stage.pipe(streams);
  const outcome = await commitStage(from, lease, stage);
  await stage.discard();
  const { rows } = await from.query('SELECT * FROM ads ORDER BY 1, 2');
  return { piped, outcome, rows };
}

describe('piped rows', () => {
  it('are loaded as they are, and counted', async () => {
    const csv = '2026-11-01,a,1\n2026-11-02,"b ""x""\n,",\\N\n2026-11-03,\\N,3\n2026-11-04,"",4\n';
    const { piped, outcome, rows } = await load([csvStream(names, csv, { rows: 4 })]);
    expect(piped).toEqual({ read: 4, announced: 4, bytes: csv.length, quarantined: [], drift: [] });
    expect(outcome).toMatchObject({ inserted: 4 });
    expect(rows).toEqual([
      ['2026-11-01', 'a', 1, 'acc', null],
      ['2026-11-02', 'b "x"\n,', null, 'acc', null],
      ['2026-11-03', null, 3, 'acc', null],
      ['2026-11-04', '', 4, 'acc', null],
    ]);
  });

  it('may come in several streams, with their columns in any order, and leave columns out', async () => {
    const streams = [
      csvStream(names, '2026-11-01,a,1\n2026-11-01,b,2\n'),
      csvStream(['value', 'id', 'day'], '3,a,2026-11-01\n'),
      csvStream(['id', 'day'], 'c,2026-11-01\n'),
      csvStream(names, ''),
    ];
    const { piped, outcome, rows } = await load(streams);
    expect(piped).toMatchObject({ read: 4, announced: undefined });
    expect(outcome).toMatchObject({ inserted: 3, duplicates: 1 });
    expect(rows.map(([, id, value]) => [id, value]).sort()).toEqual([
      ['a', 3],
      ['b', 2],
      ['c', null],
    ]);
  });

  it('that break the schema come back with reason and masked value', async () => {
    const csv =
      '2026-11-01,a,1\n2026-13-01,a,1\n2026-11-02,b,1e5\n\\N,c,1\n2026-11-03,d,99999999999999999999\n';
    const { piped, rows } = await load([csvStream(names, ''), csvStream(names, csv)]);
    expect(rows).toHaveLength(1);
    expect(piped.read).toBe(5);
    expect(piped.quarantined).toEqual([
      { row: 1, path: 'day', reason: 'is not a date as YYYY-MM-DD', masked: '20******01' },
      { row: 2, path: 'value', reason: 'is not a whole number of 64 bits', masked: '***' },
      { row: 3, path: 'day', reason: 'is required and missing', masked: 'NULL' },
      { row: 4, path: 'value', reason: 'is not a whole number of 64 bits', masked: '99…(20)…99' },
    ]);
  });

  it('without a REQUIRED column are all refused', async () => {
    const stage = await stageOf();
    const { quarantined } = await stage.pipe([csvStream(['id'], 'a\n')]);
    expect(quarantined).toEqual([{ row: 0, path: 'day', reason: 'is required and missing', masked: 'NULL' }]);
    expect(stage.rows).toBe(0);
  });

  it('stand among rows that were appended, in the order they came', async () => {
    const lease = await takeLease(warehouse);
    const stage = await stageOf();
    const one = (value: bigint) => ({ rows: 1, values: [['2026-11-01'], ['a'], [value], ['acc'], [null]] });
    await stage.append(one(1n));
    await stage.pipe([csvStream(names, '2026-11-01,a,2\n2026-11-01,b,2\n')]);
    await stage.append({ rows: 1, values: [['2026-11-01'], ['b'], [3n], ['acc'], [null]] });
    expect(stage.rows).toBe(4);
    expect(await commitStage(warehouse, lease, stage)).toMatchObject({ inserted: 2, duplicates: 2 });
    const { rows } = await warehouse.query('SELECT id, value FROM ads ORDER BY id');
    expect(rows).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('tell the merge which partitions they are for', async () => {
    await load([csvStream(names, '2026-11-05,a,2\n2026-11-03,b,2\n')]);
    const sql = fixture.emulator.jobs.all().flatMap(({ configuration }) => configuration.query?.query ?? []);
    expect(sql.find((text) => text.includes('MERGE INTO `acme.marts.ads`'))).toContain(
      "ON (t.`day` BETWEEN DATE '2026-11-03' AND DATE '2026-11-05') AND",
    );
  });

  it('leave no table behind', async () => {
    await load([csvStream(names, '2026-11-05,a,2\n')]);
    const stages = fixture.emulator.catalog.names('marts').filter((name) => name.includes('stage'));
    expect(stages).toEqual([]);
  });

  it('go in pieces of bounded size, and in several jobs when they are many', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `2026-11-01,${index},${index * 7}\n`);
    const small = fixture.open({ chunkBytes: 256 * 1024, pipeBytes: 1024 * 1024 });
    const csv = lines.join('');
    const { piped, outcome } = await load([csvStream(names, csv, { chunkBytes: 50_000 })], target, small);
    expect(piped.read).toBe(60_000);
    expect(outcome).toMatchObject({ inserted: 60_000 });
    const puts = fixture.emulator.requests.filter(({ method }) => method === 'PUT');
    expect(Math.max(...puts.map(({ body }) => body.length))).toBeLessThanOrEqual(256 * 1024);
    const loads = fixture.emulator.jobs.all().filter(({ id }) => id.startsWith('catchment_pipe_'));
    expect(loads).toHaveLength(3);
    const total = await small.query(
      'SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids, SUM(value) AS sum FROM ads',
    );
    expect(total.rows).toEqual([[60_000, 60_000, (7 * 59_999 * 60_000) / 2]]);
  });
});

const nullable = (name: string, type: Column['type']): Column => ({ name, type, mode: 'NULLABLE' });
const scalars: readonly (readonly [Column['type'], string, unknown])[] = [
  ['STRING', '日本語 🛠', '日本語 🛠'],
  ['STRING', '"\\N"', '\\N'],
  ['STRING', '\\\\N', '\\\\N'],
  ['STRING', '"\\\\N"', '\\\\N'],
  ['STRING', '"a\rb\u0000\tc"', 'a\rb\u0000\tc'],
  ['INTEGER', '9223372036854775807', '9223372036854775807'],
  ['INTEGER', '-9223372036854775808', '-9223372036854775808'],
  ['FLOAT', '1.7976931348623157e+308', 1.7976931348623157e308],
  ['FLOAT', '-Infinity', '-Infinity'],
  ['FLOAT', 'NaN', 'NaN'],
  ['FLOAT', '0.1', 0.1],
  ['NUMERIC', '99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
  ['NUMERIC', '0.1000000000000', '0.1'],
  ['BIGNUMERIC', `${'9'.repeat(38)}.${'1'.repeat(38)}`, `${'9'.repeat(38)}.${'1'.repeat(38)}`],
  ['BOOLEAN', 't', true],
  ['BOOLEAN', 'f', false],
  ['DATE', '0001-01-01', '0001-01-01'],
  ['DATE', '9999-12-31', '9999-12-31'],
  ['TIME', '23:59:59.999999', '23:59:59.999999'],
  ['DATETIME', '2026-11-01 10:00:00.000001', '2026-11-01 10:00:00.000001'],
  ['TIMESTAMP', '2026-11-01 10:00:00.000001', '2026-11-01 10:00:00.000001+00'],
  ['TIMESTAMP', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999+00'],
  ['BYTES', '00ff0a', 'AP8K'],
  ['BYTES', '""', ''],
  ['JSON', '"{""a"": [1, 0.5, ""x""]}"', '{"a": [1, 0.5, "x"]}'],
  [
    'JSON',
    '"{""big"":12345678901234567890123,""id"":7300000000000000123}"',
    '{"big":"12345678901234567890123","id":7300000000000000123}',
  ],
  [
    'JSON',
    '[1.50,0.12345678901234567890,"1e999"]'.replaceAll('"', '""').replace(/.*/, '"$&"'),
    '[1.50,"0.12345678901234567890","1e999"]',
  ],
  ['JSON', 'null', 'null'],
];

const plainOf = (name: string, type: Column['type']): TableTarget => ({
  ...target,
  windowField: undefined as never,
  key: [],
  writeMode: 'append',
  columns: [nullable(name, type)],
});

describe('a piped value', () => {
  it.each(scalars)('of type %s written %j is %j', async (type, text, expected) => {
    const { windowField: _, ...table } = plainOf('c', type);
    const { piped, rows } = await load([csvStream(['c'], `${text}\n\\N\n`)], table);
    expect(piped.quarantined).toEqual([]);
    expect(rows.map(([value]) => value)).toEqual([expected, null]);
  });

  it.each([
    [
      'NUMERIC',
      '0.1234567891',
      'is not a decimal number with up to 29 digits before the point and 9 after it',
    ],
    ['NUMERIC', 'NaN', 'is not a decimal number with up to 29 digits before the point and 9 after it'],
    [
      'NUMERIC',
      '1'.repeat(30),
      'is not a decimal number with up to 29 digits before the point and 9 after it',
    ],
    [
      'BIGNUMERIC',
      `0.${'1'.repeat(39)}`,
      'is not a decimal number with up to 38 digits before the point and 38 after it',
    ],
    ['INTEGER', '0x10', 'is not a whole number of 64 bits'],
    ['BOOLEAN', 'true', 'is not t or f'],
    ['DATE', '2026-1-1', 'is not a date as YYYY-MM-DD'],
    ['DATE', 'infinity', 'is not a date as YYYY-MM-DD'],
    ['TIME', '24:00:01', 'is not a time as HH:MM:SS[.ffffff]'],
    ['TIMESTAMP', '2026-11-01 10:00:00+02', 'is not a moment in UTC as YYYY-MM-DD HH:MM:SS[.ffffff]'],
    ['BYTES', 'abc', 'is not hexadecimal digits'],
    ['JSON', '{a:1}', 'is not JSON'],
  ] as const)('of type %s written %j is refused', async (type, text, reason) => {
    const { windowField: _, ...table } = plainOf('c', type);
    const stage = await stageOf(table);
    const { quarantined } = await stage.pipe([csvStream(['c'], `${text}\n`)]);
    expect(quarantined).toMatchObject([{ row: 0, path: 'c', reason }]);
  });

  it('of a list or a record is checked like a row', async () => {
    const columns: readonly Column[] = [
      ...target.columns,
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      { name: 'part', type: 'RECORD', mode: 'NULLABLE', fields: [nullable('n', 'INTEGER')] },
    ];
    const csv =
      '2026-11-01,a,1,"[""x"","",""]","{""n"":9223372036854775807}"\n2026-11-01,b,1,\\N,"{""n"":""y""}"\n';
    const { piped, rows } = await load([csvStream([...names, 'tags', 'part'], csv)], { ...target, columns });
    expect(rows).toEqual([['2026-11-01', 'a', 1, ['x', ','], { n: '9223372036854775807' }, 'acc', null]]);
    expect(piped).toMatchObject({
      read: 2,
      quarantined: [{ row: 1, path: 'part.n', reason: 'is not a whole number', masked: '*' }],
    });
  });
});

describe('a stage that a query fills', () => {
  it('takes its rows as the types of the table, with its origin', async () => {
    const lease = await takeLease(warehouse);
    const stage = await stageOf();
    const query =
      "SELECT 'a' AS id, '2026-11-01' AS day, 1.0 AS value UNION ALL SELECT 'b', '2026-11-02', NULL";
    expect(await stage.fill(query)).toBe(2);
    expect(stage.rows).toBe(2);
    expect(await commitStage(warehouse, lease, stage)).toMatchObject({ inserted: 2 });
    expect((await warehouse.query('SELECT * FROM ads ORDER BY id')).rows).toEqual([
      ['2026-11-01', 'a', 1, 'acc', null],
      ['2026-11-02', 'b', null, 'acc', null],
    ]);
  });

  it('tells what BigQuery says of a query that is wrong', async () => {
    const stage = await stageOf();
    await expect(stage.fill('SELECT nothing FROM nowhere')).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-input',
      message: expect.stringMatching(
        /^BigQuery: computing marts\.ads failed \(invalidQuery, .*nowhere.*\); correct the query$/s,
      ),
    });
  });
});
