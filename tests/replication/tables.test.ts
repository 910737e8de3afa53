import { describe, expect, it } from 'vitest';
import type { TableEntry } from './pipeline.ts';
import { runReplication } from './pipeline.ts';
import { createItems, items, large, useSource } from './use-source.ts';

const given = useSource();

const run = (tables: Readonly<Record<string, TableEntry>> = { items }, settings?: Record<string, unknown>) =>
  runReplication(given.source.replication(tables, settings), { warehouse: given.warehouse });

describe('a table that is changed in mid-stream', () => {
  it('keeps a new column in _extra and hands out the patch for the schema file', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, `INSERT INTO items VALUES (1, 'a', NULL)`);
    await run();
    await source.sql(
      `UPDATE items SET name = 'A'`,
      'ALTER TABLE items ADD COLUMN colour text, ADD COLUMN size numeric(6,2), ADD COLUMN tags jsonb',
      `INSERT INTO items VALUES (2, 'b', NULL, 'red', 1.50, '{"a": 12345678901234567890}')`,
    );
    const summary = await run();
    expect(summary.drift.map(({ field, patch }) => [field, patch])).toEqual([
      ['colour', '{"name":"colour","type":"STRING","mode":"NULLABLE"}'],
      ['size', '{"name":"size","type":"STRING","mode":"NULLABLE"}'],
      ['tags', '{"name":"tags","type":"JSON","mode":"NULLABLE"}'],
    ]);
    expect(await loaded()).toEqual([
      [1, 'A', null, null],
      [2, 'b', null, '{"colour":"red","size":"1.50","tags":{"a":12345678901234567890}}'],
    ]);
  });

  it('has NULL in a column that was dropped, and goes on under a new table name', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, `INSERT INTO items VALUES (1, 'a', 'x')`);
    await run();
    await source.sql(
      'ALTER TABLE items DROP COLUMN body',
      `INSERT INTO items VALUES (2, 'b')`,
      `UPDATE items SET name = 'A' WHERE id = 1`,
      'ALTER TABLE items RENAME TO things',
      `INSERT INTO things VALUES (3, 'c')`,
      'ALTER TABLE things RENAME TO items',
    );
    await run();
    expect(await loaded()).toEqual([
      [1, 'A', null, null],
      [2, 'b', null, null],
      [3, 'c', null, null],
    ]);
  });

  it('has a renamed column in _extra until the schema file names it', async () => {
    const { source, loaded } = given;
    await source.sql(createItems);
    await run();
    await source.sql(
      'ALTER TABLE items RENAME COLUMN name TO title',
      `INSERT INTO items VALUES (1, 'a', 'x')`,
    );
    expect((await run()).drift).toMatchObject([{ field: 'title' }]);
    expect(await loaded()).toEqual([[1, null, 'x', '{"title":"a"}']]);
  });

  it('stops with a clear error when a key column is renamed', async () => {
    const { source } = given;
    await source.sql(createItems);
    await run();
    await source.sql(
      'ALTER TABLE items RENAME COLUMN id TO number',
      `INSERT INTO items VALUES (1, 'a', 'x')`,
    );
    const summary = await run();
    expect(summary.run.error).toContain('items: public.items has no column id, which the key needs');
  });

  it('takes values of a changed type as long as the schema file holds them', async () => {
    const { source, loaded } = given;
    await source.sql(createItems);
    await run();
    await source.sql(
      `INSERT INTO items VALUES (1, 'a', '1')`,
      'ALTER TABLE items ALTER COLUMN body TYPE numeric USING body::numeric',
      `INSERT INTO items VALUES (2, 'b', 2.50)`,
    );
    await run();
    expect(await loaded()).toEqual([
      [1, 'a', '1', null],
      [2, 'b', '2.50', null],
    ]);
  });

  it('leaves out columns that the stack file leaves out, without drift', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, 'ALTER TABLE items ADD COLUMN private text');
    const entry = { items: { ...items, without: ['private'] } };
    await run(entry);
    await source.sql(`INSERT INTO items VALUES (1, 'a', 'x', 'nobody sees it')`);
    expect((await run(entry)).drift).toEqual([]);
    expect(await loaded()).toEqual([[1, 'a', 'x', null]]);
  });
});

describe('a table that is added later', () => {
  const parts = {
    from: 'public.parts',
    key: ['id'],
    columns: [
      { name: 'id', type: 'INTEGER' },
      { name: 'name', type: 'STRING' },
    ],
  } as const;

  it('is copied alone and meets the stream at the point of its copy', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, 'CREATE TABLE parts (id bigint PRIMARY KEY, name text)');
    await source.sql('CREATE PUBLICATION pub FOR ALL TABLES');
    await run();
    // All of it is in the log, and in the copy of `parts` too.
    await source.sql(
      `INSERT INTO parts VALUES (1, 'a'), (2, 'b')`,
      'DELETE FROM parts WHERE id = 2',
      `INSERT INTO items VALUES (1, 'i', NULL)`,
    );
    const summary = await run({ items, parts });
    expect(summary.tables.map(({ table, rowsRead }) => [table, rowsRead])).toEqual([
      ['replica.items', 1],
      ['replica.parts', 1],
    ]);
    await source.sql(`UPDATE parts SET name = 'A'`, `INSERT INTO parts VALUES (3, 'c')`);
    await run({ items, parts });
    expect(await loaded('parts')).toEqual([
      [1, 'A', null],
      [3, 'c', null],
    ]);
  });

  it('is copied again after it was left out for a while', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, 'CREATE TABLE parts (id bigint PRIMARY KEY, name text)');
    await run({ items, parts });
    await run({ items });
    await source.sql(
      `INSERT INTO parts VALUES (1, 'missed by the stream')`,
      `INSERT INTO items VALUES (1, 'a', NULL)`,
    );
    await run({ items });
    await run({ items, parts });
    expect(await loaded('parts')).toEqual([[1, 'missed by the stream', null]]);
    expect(await loaded()).toHaveLength(1);
  });

  it('is copied again when it comes from another table of the source', async () => {
    const { source, loaded } = given;
    await source.sql(
      createItems,
      'CREATE TABLE others (LIKE items INCLUDING ALL)',
      `INSERT INTO items VALUES (1, 'first', NULL)`,
      `INSERT INTO others VALUES (2, 'second', NULL)`,
    );
    await run();
    await run({ items: { ...items, from: 'public.others' } });
    expect(await loaded()).toEqual([[2, 'second', null, null]]);
  });
});

describe.each([
  ['under the names of its partitions', false],
  ['under the name of the root', true],
])('a partitioned table that is published %s', (_, isByRoot) => {
  const days = {
    from: 'public.days',
    key: ['day', 'id'],
    columns: [
      { name: 'day', type: 'DATE' },
      { name: 'id', type: 'INTEGER' },
      { name: 'note', type: 'STRING' },
    ],
  } as const;

  it('is one table, whatever partition a row is in or moves to', async () => {
    const { source, loaded } = given;
    await source.sql(
      'CREATE TABLE days (day date, id int, note text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)',
      `CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`,
      `CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (id)`,
      'CREATE TABLE days_2_x PARTITION OF days_2 DEFAULT',
      `CREATE PUBLICATION pub FOR TABLE days WITH (publish_via_partition_root = ${isByRoot})`,
      `INSERT INTO days VALUES ('2026-01-05', 1, 'a'), ('2026-02-05', 2, 'b')`,
    );
    await run({ days });
    await source.sql(
      `INSERT INTO days VALUES ('2026-01-06', 3, ${large('c')})`,
      `UPDATE days SET day = '2026-02-06' WHERE id = 3`,
      `CREATE TABLE days_3 PARTITION OF days FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')`,
      `INSERT INTO days VALUES ('2026-03-01', 4, 'd')`,
      'DELETE FROM days WHERE id = 2',
    );
    await run({ days });
    const rows = await source.rows('SELECT day::text, id, note FROM days ORDER BY day');
    expect(await loaded('days')).toEqual(rows.map(([day, id, note]) => [day, Number(id), note, null]));
    expect(rows).toHaveLength(3);

    await source.sql('TRUNCATE days', `INSERT INTO days VALUES ('2026-03-02', 5, 'e')`);
    await run({ days });
    expect(await loaded('days')).toEqual([['2026-03-02', 5, 'e', null]]);
  });
});

it('cannot tell which rows a truncated partition had, says so, and reads the table anew on order', async () => {
  const { source, warehouse, loaded } = given;
  const days = { from: 'public.days', key: ['id'], columns: [{ name: 'id', type: 'INTEGER' }] } as const;
  await source.sql(
    'CREATE TABLE days (id int PRIMARY KEY) PARTITION BY RANGE (id)',
    'CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (10)',
    'CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (10) TO (20)',
    'INSERT INTO days VALUES (1), (11)',
  );
  await run({ days });
  await source.sql('TRUNCATE days_1', 'INSERT INTO days VALUES (12)');
  const summary = await run({ days });
  expect(summary.run.error).toMatch(
    /a partition of public\.days was truncated, and the log does not say which rows that were; .* run it with --resnapshot --table days/,
  );
  await runReplication(source.replication({ days }), { warehouse, resnapshot: true, tables: ['days'] });
  expect(await loaded('days')).toEqual([
    [11, null],
    [12, null],
  ]);
});
