import { expect, it } from 'vitest';
import type { Column } from '../../functions/core/schema.ts';
import { runReplication } from './pipeline.ts';
import { useSource } from './use-source.ts';

const given = useSource();

/** Column of the schema file, type of the source, and values as SQL. */
const cases: readonly (readonly [Column['type'], string, readonly string[], Column['mode']?])[] = [
  ['INTEGER', 'smallint', ['-32768', '32767']],
  ['INTEGER', 'bigint', ['-9223372036854775808', '9223372036854775807']],
  ['NUMERIC', 'numeric(38,9)', ['12345678901234567890123456789.123456789', '-0.000000001']],
  ['BIGNUMERIC', 'numeric', ['0.12345678901234567890123456789012345678', '1.50']],
  ['FLOAT', 'float8', [`'NaN'`, `'Infinity'`, `'-Infinity'`, '1.7976931348623157e308', '0.1', '5e-324']],
  ['FLOAT', 'real', ['0.1', '16777216']],
  ['BOOLEAN', 'boolean', ['true', 'false']],
  ['STRING', 'boolean', ['true']],
  ['STRING', 'text', [`''`, `'\\N'`, `E'tab\\t line\\n "quote" \\\\ comma, ''single'''`, `'𝄞 ü'`, `'NULL'`]],
  ['STRING', 'char(5)', [`'ab'`]],
  ['STRING', 'uuid', [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`]],
  ['STRING', 'interval', [`'1 year 2 mons 3 days 04:05:06.789'`]],
  ['STRING', 'inet', [`'192.168.1.1/24'`]],
  ['STRING', 'int4range', [`'[1,5)'`]],
  ['STRING', 'timestamptz', [`'2026-06-01 12:00:00+02'`, `'infinity'`]],
  ['STRING', 'text[]', [`ARRAY['a,b', NULL, '"']`]],
  ['STRING', 'numeric', [`'NaN'`]],
  ['DATE', 'date', [`'0001-01-01'`, `'9999-12-31'`, `'2024-02-29'`]],
  ['TIME', 'time', [`'23:59:59.999999'`, `'00:00:00'`]],
  ['DATETIME', 'timestamp', [`'2026-01-01 01:02:03.000004'`, `'1969-12-31 23:59:59.999999'`]],
  ['DATETIME', 'timestamptz', [`'2026-06-01 12:00:00+02'`]],
  ['TIMESTAMP', 'timestamptz', [`'2026-06-01 12:00:00.123456+02'`, `'0001-01-01 00:00:00+00'`]],
  ['TIMESTAMP', 'timestamp', [`'2026-06-01 12:00:00'`]],
  ['BYTES', 'bytea', [`'\\xdeadbeef00'`, `''`]],
  ['JSON', 'jsonb', [`'{"a": 1.50, "b": 12345678901234567890, "c": [null, "x"]}'`, `'null'`, `'"text"'`]],
  ['JSON', 'json', [`'{ "a":1,   "a":2 }'`]],
  ['JSON', 'int[]', [`'{1,NULL,3}'`, `'{{1,2},{3,4}}'`, `'[0:1]={7,8}'`, `'{}'`]],
  ['JSON', 'numeric[]', [`'{1.50,NaN}'`]],
  ['JSON', 'text[]', [`ARRAY['a"b', 'c,d', 'NULL', NULL, '']`]],
  ['JSON', 'timestamptz[]', [`ARRAY['2026-06-01 12:00:00+02'::timestamptz]`]],
  ['JSON', 'bool', ['true']],
  ['JSON', 'text', [`'he said "x"'`]],
  ['JSON', 'uuid', [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`]],
  ['INTEGER', 'int[]', [`'{3,2,1}'`, `'{}'`], 'REPEATED'],
  ['STRING', 'mood[]', [`'{sad,"so so"}'`], 'REPEATED'],
  ['STRING', 'text[]', [`ARRAY['', 'a,b', 'c"d', 'NULL']`], 'REPEATED'],
  ['BOOLEAN', 'bool[]', [`'{t,f}'`], 'REPEATED'],
  ['TIMESTAMP', 'timestamptz[]', [`ARRAY['2026-06-01 12:00:00.5+02'::timestamptz]`], 'REPEATED'],
  ['STRING', 'mood', [`'so so'`]],
  ['TIMESTAMP', 'moment', [`'2026-06-01 12:00:00.123456+02'`]],
  ['TIMESTAMP', 'birth', [`'1969-12-31 23:59:59.999999+00'`]],
  ['DATETIME', 'moment', [`'2026-06-01 12:00:00+02'`]],
  ['TIMESTAMP', 'moment[]', [`ARRAY['2026-06-01 12:00:00.5+02'::moment]`], 'REPEATED'],
  ['TIMESTAMP', 'moments', [`ARRAY['2026-06-01 12:00:00.5+02'::timestamptz]`], 'REPEATED'],
  ['JSON', 'moments', [`ARRAY['2026-06-01 12:00:00.5+02'::timestamptz]`]],
  ['BOOLEAN', 'yes', ['true', 'false']],
  ['JSON', 'yes', ['true']],
  ['JSON', 'doc', [`'{"a": 1.50}'`]],
  ['JSON', 'doc[]', [`ARRAY['{"a": 1.50}'::doc]`]],
  ['BYTES', 'raw', [`'\\xdeadbeef00'`, `''`]],
  ['BIGNUMERIC', 'exact', ['1.50']],
  ['STRING', 'feeling', [`'sad'`]],
];

/** Domains of base types, of a list, and of a domain. */
const domains = `
  CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN birth AS moment; CREATE DOMAIN moments AS timestamptz[];
  CREATE DOMAIN yes AS boolean; CREATE DOMAIN doc AS jsonb; CREATE DOMAIN raw AS bytea; CREATE DOMAIN exact AS numeric;
  CREATE DOMAIN feeling AS mood`;

it('stores the same value whether a copy or a change brought it', { timeout: 60_000 }, async () => {
  const { source, warehouse } = given;
  await source.sql(`CREATE TYPE mood AS ENUM ('sad', 'so so')`);
  await source.sql(domains);
  const columns = cases.map(([type, , , mode = 'NULLABLE'], index) => ({ name: `c${index}`, type, mode }));
  await source.sql(
    `CREATE TABLE values (id int PRIMARY KEY, ${cases.map(([, type], index) => `c${index} ${type}`).join(', ')})`.replaceAll(
      'values (',
      '"values" (',
    ),
  );
  const rowCount = Math.max(...cases.map(([, , values]) => values.length)) + 1;
  const rows = (first: number) =>
    Array.from({ length: rowCount }, (_, row) =>
      [first + row, ...cases.map(([, , values]) => values[row] ?? 'NULL')].join(', '),
    );
  const insert = (first: number) =>
    `INSERT INTO "values" VALUES ${rows(first)
      .map((row) => `(${row})`)
      .join(', ')}`;
  const table = {
    from: 'public.values',
    key: ['id'],
    columns: [{ name: 'id', type: 'INTEGER' as const }, ...columns],
  };
  const replication = source.replication({ values: table });

  await source.sql(insert(0));
  const copied = await runReplication(replication, { warehouse });
  expect(copied.run).toMatchObject({ status: 'succeeded', rowsQuarantined: 0 });
  await source.sql(insert(100));
  const changed = await runReplication(replication, { warehouse });
  expect(changed.run).toMatchObject({ status: 'succeeded', rowsQuarantined: 0 });

  const stored = (await warehouse.query('SELECT * EXCLUDE (_origin, _extra) FROM replica.values ORDER BY id'))
    .rows;
  expect(stored).toHaveLength(2 * rowCount);
  for (const [index, [type, sourceType, values]] of cases.entries())
    for (const [row, value] of values.entries()) {
      const [copy, change] = [stored[row]?.[index + 1], stored[row + rowCount]?.[index + 1]];
      expect(change, `${type} from ${sourceType} ${value}`).toEqual(copy);
      expect(copy, `${type} from ${sourceType} ${value}`).not.toBeNull();
    }
  const texts = await warehouse.query(
    `SELECT c0, c1, c2::VARCHAR, c3::VARCHAR, c4::VARCHAR, c24::VARCHAR, c21::VARCHAR, hex(c23) FROM replica.values WHERE id = 100`,
  );
  expect(texts.rows).toEqual([
    [
      -32768,
      '-9223372036854775808',
      '12345678901234567890123456789.123456789',
      expect.stringMatching(/^0\.12345678901234567890123456789012345678$/),
      'nan',
      '{"a": 1.50, "b": 12345678901234567890, "c": [null, "x"]}',
      '2026-06-01 10:00:00.123456+00',
      'DEADBEEF00',
    ],
  ]);
});

it('quarantines what no column of the type can hold', async () => {
  const { source, warehouse } = given;
  const table = {
    from: 'public.odd',
    key: ['id'],
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'day', type: 'DATE' },
      { name: 'price', type: 'NUMERIC' },
    ],
  } as const;
  await source.sql('CREATE TABLE odd (id int PRIMARY KEY, day date, price numeric)');
  const replication = source.replication({ odd: table });
  const values = (first: number) =>
    `INSERT INTO odd VALUES (${first}, '2026-01-01', 1), (${first + 1}, 'infinity', 1), (${first + 2}, '0044-03-15 BC', 1), (${first + 3}, NULL, 'NaN')`;
  await source.sql(values(0));
  expect((await runReplication(replication, { warehouse })).run).toMatchObject({
    rowsRead: 4,
    rowsQuarantined: 3,
  });
  await source.sql(values(10));
  expect((await runReplication(replication, { warehouse })).run).toMatchObject({
    rowsRead: 4,
    rowsQuarantined: 3,
  });
  expect((await warehouse.query('SELECT id FROM replica.odd ORDER BY id')).rows).toEqual([[0], [10]]);
});
