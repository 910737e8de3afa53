import { describe, expect, it } from 'vitest';
import { column } from './host.ts';
import { usePostgresDatabase } from './use-database.ts';

const database = usePostgresDatabase();

describe('a catalog', () => {
  it('arrives with every type as the database has it', async () => {
    await database.admin.query(`
      CREATE TYPE mood AS ENUM ('glad', 'sad');
      CREATE DOMAIN cents AS bigint CHECK (value >= 0);
      CREATE TABLE everything (
        small smallint, big bigint, price numeric(12,2), long numeric, real4 real, real8 double precision, yes boolean,
        name varchar(20), fixed char(5), note text, id uuid, net inet, mood mood, cents cents, span int4range,
        day date, clock time, zoned timetz, plain timestamp, moment timestamptz, wait interval,
        doc json, docb jsonb, raw bytea, words text[], grid int[][], cost money, spot point
      );
      INSERT INTO everything VALUES (
        -32768, 9223372036854775807, -1234567890.12, 12345678901234567890.123456789, 0.5, 1e-300, true,
        E'a,b"c\\nd\\te\\\\N', 'ab', '', '00000000-0000-0000-0000-000000000001', '10.0.0.1/8', 'sad', 12, '[1,5)',
        '2024-02-29', '12:34:56.000001', '12:00:00+02', '2024-03-31 02:30:00.5', '2024-03-31 02:30:00.5+02', '1 day 2 hours',
        '{"b": 1,  "a": 9007199254740993}', '{"x": [1, null]}', '\\x00ff', ARRAY['x', 'y,z'], '{{1,2},{3,4}}', '12.50', '(1,2)'
      ), (null, null, null, null, 'NaN', '-Infinity', false, '\\N', null, null, null, null, null, null, null,
        null, null, null, null, null, null, null, null, '', '{}', null, null, null)`);
    const columns = [
      ...[
        column('small', 'INTEGER'),
        column('big', 'INTEGER'),
        column('price', 'NUMERIC'),
        column('long', 'BIGNUMERIC'),
      ],
      ...[
        column('real4', 'FLOAT'),
        column('real8', 'FLOAT'),
        column('yes', 'BOOLEAN'),
        column('name', 'STRING'),
      ],
      ...[
        column('fixed', 'STRING'),
        column('note', 'STRING'),
        column('id', 'STRING'),
        column('net', 'STRING'),
      ],
      ...[
        column('mood', 'STRING'),
        column('cents', 'INTEGER'),
        column('span', 'STRING'),
        column('day', 'DATE'),
      ],
      ...[
        column('clock', 'TIME'),
        column('zoned', 'TIME'),
        column('plain', 'DATETIME'),
        column('moment', 'TIMESTAMP'),
      ],
      ...[column('wait', 'STRING'), column('doc', 'JSON'), column('docb', 'JSON'), column('raw', 'BYTES')],
      ...[
        column('words', 'STRING', 'REPEATED'),
        column('grid', 'JSON'),
        column('cost', 'NUMERIC'),
        column('spot', 'STRING'),
      ],
    ];
    const tested = await database.open({ everything: { columns, options: { from: 'public.everything' } } });
    const summary = await tested.run();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 2, rowsQuarantined: 0 });
    const names = columns.map(({ name }) => `${name}::varchar`).join(', ');
    const [first, second] = await tested.rows(`SELECT ${names} FROM copy.everything ORDER BY small`);
    expect(first).toEqual([
      ...['-32768', '9223372036854775807', '-1234567890.120000000', '12345678901234567890.123456789'],
      ...[
        '0.5',
        '1e-300',
        'true',
        'a,b"c\nd\te\\N',
        'ab',
        '',
        '00000000-0000-0000-0000-000000000001',
        '10.0.0.1/8',
      ],
      ...['sad', '12', '[1,5)', '2024-02-29', '12:34:56.000001', '10:00:00', '2024-03-31 02:30:00.5'],
      ...[expect.stringContaining('2024-03-31 00:30:00.5'), 'P1DT2H'],
      ...['{"b": 1,  "a": 9007199254740993}', '{"x": [1, null]}', '\\x00\\xFF', "[x, 'y,z']"],
      ...['[[1, 2], [3, 4]]', '12.500000000', '(1,2)'],
    ]);
    const nulls = Array.from({ length: 2 }, () => null);
    expect(second).toEqual([
      ...[...nulls, ...nulls, 'nan', '-inf', 'false', '\\N', ...nulls, ...nulls, ...nulls, null],
      ...[...nulls, ...nulls, ...nulls, ...nulls, '', '[]', null, null, null],
    ]);
  });

  it('is read by several connections as of one point in time', async () => {
    await database.admin.query(`CREATE TABLE big (id int PRIMARY KEY, filler text);
      INSERT INTO big SELECT i, repeat('x', 500) FROM generate_series(1, 160000) i; ANALYZE big`);
    const columns = [column('id', 'INTEGER', 'REQUIRED'), column('filler', 'STRING')];
    const tested = await database.open({ big: { columns, options: { from: 'public.big' } } }, { readers: 2 });
    // Rows that move while they are read would come twice or never, if the connections did not see one moment.
    const mover = await database.connect();
    let isReading = true;
    const moves = (async () => {
      while (isReading)
        await mover.query(`UPDATE big SET filler = filler WHERE id % 100 = floor(random() * 100)`);
    })();
    const summary = await tested.run();
    isReading = false;
    await moves;
    await mover.end();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 160_000 });
    expect(await tested.rows('SELECT count(*)::int, count(DISTINCT id)::int FROM copy.big')).toEqual([
      [160_000, 160_000],
    ]);
  }, 60_000);

  it('gives the rows of a partitioned table once, partition by partition', async () => {
    await database.admin.query(`CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
      CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
      CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
      INSERT INTO parted SELECT i, date '2024-01-01' + i % 50 FROM generate_series(1, 1000) i`);
    const columns = [column('id', 'INTEGER'), column('day', 'DATE')];
    const tested = await database.open({ parted: { columns, options: { from: 'public.parted' } } });
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 1000 });
  });

  it('takes custom SQL, chosen columns and names that are no SQL names', async () => {
    await database.admin.query(`CREATE TABLE "Odd.Names" ("Order ID" int, "totál" text, secret text);
      INSERT INTO "Odd.Names" VALUES (1, 'x', 'hidden')`);
    const columns = [
      column('order_id', 'INTEGER', 'NULLABLE', { sourceName: 'Order ID' }),
      column('tot_l', 'STRING', 'NULLABLE', { sourceName: 'totál' }),
      column('secret', 'STRING'),
    ];
    const query = `SELECT "Order ID" + 1 AS "Order ID", "totál", secret FROM "Odd.Names";`;
    const tested = await database.open({
      plain: { columns, options: { from: 'public."Odd.Names"', columns: ['order_id', 'tot_l'] } },
      custom: { columns, options: { query } },
    });
    expect((await tested.run()).run.status).toBe('succeeded');
    expect(await tested.rows('SELECT order_id, tot_l, secret FROM copy.plain')).toEqual([[1, 'x', null]]);
    expect(await tested.rows('SELECT order_id, tot_l, secret FROM copy.custom')).toEqual([
      [2, 'x', 'hidden'],
    ]);
  });
});
