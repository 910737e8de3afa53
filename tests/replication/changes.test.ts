import { describe, expect, it } from 'vitest';
import { runReplication } from './pipeline.ts';
import { createItems, items, large, useSource } from './use-source.ts';

describe.each(['duckdb', 'sqlite'] as const)('changes into %s', (kind) => {
  const given = useSource({}, kind);

  /** The source's rows as the warehouse shows them: small numbers, and no extra field. */
  async function sourceItems(): Promise<unknown[][]> {
    const rows = await given.source.rows('SELECT id, name, body FROM items ORDER BY id');
    return rows.map(([id, ...rest]) => [Number(id), ...rest, null]);
  }

  const run = (settings?: Record<string, unknown>) =>
    runReplication(given.source.replication({ items }, settings), { warehouse: given.warehouse });

  it('copies what is there, then follows inserts, updates and deletes', async () => {
    const { source, loaded } = given;
    await source.sql(
      createItems,
      `INSERT INTO items VALUES (1, 'one', ''), (2, 'two', NULL), (9007199254740993, 'big', '\\N')`,
    );
    const first = await run();
    expect(first.run).toMatchObject({ status: 'succeeded', rowsRead: 3, rowsLoaded: 3 });
    expect(await loaded()).toEqual([
      [1, 'one', '', null],
      [2, 'two', null, null],
      ['9007199254740993', 'big', '\\N', null],
    ]);

    await source.sql(
      `INSERT INTO items VALUES (3, 'three', 'b')`,
      `UPDATE items SET name = 'TWO' WHERE id = 2`,
      'DELETE FROM items WHERE id = 1',
    );
    const second = await run();
    expect(second.run).toMatchObject({ status: 'succeeded', rowsRead: 3 });
    expect(second.lag).toEqual({ bytes: 0, seconds: 0 });
    expect(await loaded()).toEqual([
      [2, 'TWO', null, null],
      [3, 'three', 'b', null],
      ['9007199254740993', 'big', '\\N', null],
    ]);
  });

  it('ends when it has caught up with what was there at its start, and has nothing to do the next time', async () => {
    await given.source.sql(createItems, `INSERT INTO items VALUES (1, 'a', 'b')`);
    await run();
    const idle = await run();
    expect(idle.run).toMatchObject({ status: 'succeeded', rowsRead: 0, slicesDone: 0 });
  });

  describe('unchanged TOAST values', () => {
    it('stay as they are stored', async () => {
      const { source, loaded } = given;
      await source.sql(createItems, `INSERT INTO items VALUES (1, 'a', ${large('x')})`);
      await run();
      await source.sql(`UPDATE items SET name = 'b'`);
      expect((await run()).run).toMatchObject({ status: 'succeeded', rowsRead: 1 });
      expect(await loaded()).toEqual(await sourceItems());
      expect((await loaded())[0]?.[2]).toHaveLength(9600);
    });

    it('come from earlier changes of the same batch', async () => {
      const { source, loaded } = given;
      await source.sql(createItems);
      await run();
      await source.sql(
        `INSERT INTO items VALUES (1, 'a', ${large('x')}), (2, 'a', ${large('y')})`,
        `UPDATE items SET name = 'b'`,
        `UPDATE items SET body = ${large('z')} WHERE id = 2`,
        `UPDATE items SET name = 'c'`,
      );
      await run();
      expect(await loaded()).toEqual(await sourceItems());
    });

    it('follow a row whose key changes, also when the key changes twice, is swapped, or taken again', async () => {
      const { source, loaded } = given;
      await source.sql(
        createItems,
        ...[1, 2, 3, 4].map((id) => `INSERT INTO items VALUES (${id}, 'row ${id}', ${large(String(id))})`),
      );
      await run();
      await source.sql(
        'UPDATE items SET id = 10 WHERE id = 1',
        'UPDATE items SET id = 11 WHERE id = 10',
        'UPDATE items SET id = 99 WHERE id = 2',
        'UPDATE items SET id = 2 WHERE id = 3',
        'UPDATE items SET id = 3 WHERE id = 99',
        'UPDATE items SET id = 20 WHERE id = 4',
        `INSERT INTO items VALUES (4, 'new', ${large('new')})`,
        `UPDATE items SET name = name || '!'`,
      );
      await run();
      expect(await loaded()).toEqual(await sourceItems());
      expect(await loaded()).toHaveLength(5);
    });

    it('are in the old row of a table with replica identity FULL, so nothing need be kept', async () => {
      const { source, loaded } = given;
      await source.sql(
        'CREATE TABLE items (id bigint, name text, body text)',
        'ALTER TABLE items REPLICA IDENTITY FULL',
        `INSERT INTO items VALUES (1, 'a', ${large('x')}), (2, 'a', ${large('y')})`,
      );
      await run();
      await source.sql(
        `UPDATE items SET name = 'b' WHERE id = 1`,
        'UPDATE items SET id = 5 WHERE id = 2',
        `INSERT INTO items VALUES (3, 'a', NULL)`,
        'DELETE FROM items WHERE id = 3',
      );
      await run();
      expect(await loaded()).toEqual(await sourceItems());
    });
  });

  it('folds insert, delete and insert of one key into what is left', async () => {
    const { source, loaded } = given;
    await source.sql(createItems, `INSERT INTO items VALUES (1, 'old', 'x')`);
    await run();
    await source.sql(
      'DELETE FROM items WHERE id = 1',
      `INSERT INTO items VALUES (1, 'new', NULL), (2, 'short-lived', NULL)`,
      'DELETE FROM items WHERE id = 2',
      `INSERT INTO items VALUES (3, 'a', 'b')`,
      'DELETE FROM items WHERE id = 3',
      `INSERT INTO items VALUES (3, 'c', NULL)`,
    );
    const { run: record, tables } = await run();
    expect(record).toMatchObject({ rowsRead: 7 });
    expect(tables[0]).toMatchObject({ inserted: 1, updated: 1 });
    expect(await loaded()).toEqual(await sourceItems());
  });

  it('takes no change of a transaction or of a savepoint that was rolled back', async () => {
    const { source, loaded } = given;
    await source.sql(createItems);
    await run();
    await source.sql(
      'BEGIN',
      `INSERT INTO items VALUES (1, 'stays', NULL)`,
      'SAVEPOINT s',
      `INSERT INTO items VALUES (2, 'goes', NULL)`,
      `UPDATE items SET name = 'goes' WHERE id = 1`,
      'ROLLBACK TO s',
      `INSERT INTO items VALUES (3, 'stays', NULL)`,
      'COMMIT',
      'BEGIN',
      'DELETE FROM items',
      'ROLLBACK',
    );
    expect((await run()).run.rowsRead).toBe(2);
    expect(await loaded()).toEqual([
      [1, 'stays', null, null],
      [3, 'stays', null, null],
    ]);
  });

  describe('TRUNCATE', () => {
    it('empties the table, and what comes after it stays', async () => {
      const { source, loaded } = given;
      await source.sql(createItems, `INSERT INTO items VALUES (1, 'old', NULL), (2, 'old', NULL)`);
      await run();
      await source.sql(
        `INSERT INTO items VALUES (3, 'gone too', NULL)`,
        'TRUNCATE items',
        `INSERT INTO items VALUES (1, 'new', NULL)`,
      );
      await run();
      expect(await loaded()).toEqual([[1, 'new', null, null]]);
      await source.sql('TRUNCATE items');
      await run();
      expect(await loaded()).toEqual([]);
    });

    it('empties the tables that it cascades to', async () => {
      const { source, warehouse, loaded } = given;
      await source.sql(
        createItems,
        'CREATE TABLE parts (id int PRIMARY KEY, item bigint REFERENCES items)',
        `INSERT INTO items VALUES (1, 'a', NULL)`,
        'INSERT INTO parts VALUES (1, 1), (2, 1)',
      );
      const parts = {
        from: 'public.parts',
        key: ['id'],
        columns: [
          { name: 'id', type: 'INTEGER' },
          { name: 'item', type: 'INTEGER' },
        ],
      } as const;
      const replication = source.replication({ items, parts });
      await runReplication(replication, { warehouse });
      expect(await loaded('parts')).toHaveLength(2);
      await source.sql('TRUNCATE items CASCADE', `INSERT INTO items VALUES (2, 'b', NULL)`);
      await runReplication(replication, { warehouse });
      expect(await loaded()).toEqual([[2, 'b', null, null]]);
      expect(await loaded('parts')).toEqual([]);
    });
  });

  describe('soft deletes', () => {
    const softItems = {
      ...items,
      columns: [...items.columns, { name: 'gone_at', type: 'TIMESTAMP' }],
      deletedAt: 'gone_at',
    } as const;

    it('mark the row with the time of the delete and keep its values', async () => {
      const { source, warehouse, loaded } = given;
      await source.sql(
        createItems,
        `INSERT INTO items VALUES (1, 'a', ${large('x')}), (2, 'b', NULL), (3, 'c', NULL)`,
      );
      const body = (await source.rows('SELECT body FROM items WHERE id = 1'))[0]?.[0];
      const replication = source.replication({ items: softItems }, { deletes: 'soft' });
      await runReplication(replication, { warehouse });
      await source.sql(
        `UPDATE items SET name = 'A' WHERE id = 1`,
        'DELETE FROM items WHERE id IN (1, 3)',
        `INSERT INTO items VALUES (3, 'again', NULL)`,
      );
      await runReplication(replication, { warehouse });
      expect(await loaded()).toEqual([
        [1, 'A', body, expect.stringMatching(/^20\d\d-/), null],
        [2, 'b', null, null, null],
        [3, 'again', null, null, null],
      ]);
    });

    it('need a TIMESTAMP column to mark them in', async () => {
      const { source, warehouse } = given;
      await source.sql(createItems);
      const summary = await runReplication(source.replication({ items }, { deletes: 'soft' }), { warehouse });
      expect(summary.run).toMatchObject({ status: 'failed' });
      expect(summary.run.error).toContain(
        'items: deletes are soft, so deletedAt must name a TIMESTAMP column of the schema file',
      );
    });
  });

  it('quarantines a change that breaks the schema file, and says so', async () => {
    const { source, warehouse, loaded } = given;
    await source.sql('CREATE TABLE items (id bigint PRIMARY KEY, name numeric, body text)');
    const numbers = {
      ...items,
      columns: items.columns.map((each) =>
        each.name === 'name' ? { ...each, type: 'INTEGER' as const } : each,
      ),
    };
    const replication = source.replication({ items: numbers });
    await runReplication(replication, { warehouse });
    await source.sql(`INSERT INTO items VALUES (1, 12, NULL), (2, 1.5, NULL), (3, 'NaN', NULL)`);
    const summary = await runReplication(replication, { warehouse });
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 3, rowsQuarantined: 2 });
    expect(await loaded()).toEqual([[1, 12, null, null]]);
    const { rows } = await warehouse.query(
      `SELECT "table", path, reason FROM ${given.place('catchment', 'quarantine')} ORDER BY row_index`,
    );
    expect(rows).toEqual([
      ['items', 'name', 'is not a whole number'],
      ['items', 'name', 'is not a whole number'],
    ]);
  });

  it('keeps two databases of one server apart', async () => {
    const { source, server, warehouse, loaded } = given;
    const { openSource } = await import('./source-database.ts');
    const other = await openSource(server);
    try {
      await source.sql(createItems, `INSERT INTO items VALUES (1, 'here', NULL)`);
      await other.sql(createItems, `INSERT INTO items VALUES (1, 'there', NULL)`);
      const here = source.replication({ items });
      const there = { ...other.replication({ others: { ...items } }), group: 'other' };
      await runReplication(here, { warehouse });
      await runReplication(there, { warehouse });
      await other.sql(`UPDATE items SET name = 'THERE'`);
      await source.sql(`UPDATE items SET name = 'HERE'`);
      await runReplication(here, { warehouse });
      await runReplication(there, { warehouse });
      expect(await loaded()).toEqual([[1, 'HERE', null, null]]);
      expect(await loaded('others')).toEqual([[1, 'THERE', null, null]]);
    } finally {
      await other.close();
    }
  });
});
