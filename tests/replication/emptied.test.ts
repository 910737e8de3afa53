import { describe, expect, it } from 'vitest';
import type { RunOptions } from './pipeline.ts';
import { dataset, runReplication } from './pipeline.ts';
import { createItems, items, useSource } from './use-source.ts';

describe.each(['duckdb', 'sqlite', 'postgres'] as const)('a table of %s that lost its rows', (kind) => {
  const given = useSource({}, kind);
  const others = { ...items, from: 'public.others' };

  const run = (options: Partial<RunOptions> = {}) =>
    runReplication(given.source.replication({ items, others }), { warehouse: given.warehouse, ...options });

  const write = (sql: (table: string) => string, table = 'items') =>
    given.write(sql(given.place(dataset, table)));

  async function expectSame(): Promise<void> {
    for (const table of ['items', 'others']) {
      const rows = await given.source.rows(`SELECT id, name, body FROM ${table} ORDER BY id`);
      expect(await given.loaded(table)).toEqual(rows.map(([id, ...rest]) => [Number(id), ...rest, null]));
    }
  }

  /** Both tables hold rows in the warehouse, and more has happened since. */
  async function loadedOnce(): Promise<void> {
    await given.source.sql(
      createItems,
      'CREATE TABLE others (LIKE items INCLUDING ALL)',
      `INSERT INTO items VALUES (1, 'a', NULL), (2, 'b', NULL)`,
      `INSERT INTO others VALUES (1, 'c', NULL)`,
    );
    await run();
    await given.source.sql(`INSERT INTO items VALUES (3, 'd', NULL)`, `UPDATE others SET name = 'e'`);
  }

  it.each([
    ['emptied', (table: string) => `DELETE FROM ${table}`],
    ['dropped', (table: string) => `DROP TABLE ${table}`],
  ])('is told of when somebody has %s it, and read anew by order alone', async (_, sql) => {
    await loadedOnce();
    await write(sql);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refused = await run();
      expect(refused.run.status).toBe('failed');
      expect(refused.run.error).toMatch(
        /replica\.items held rows after the last run and is empty now: somebody emptied or dropped it/,
      );
      expect(refused.run.error).toMatch(/run it with --resnapshot --table items/);
      expect(await given.loaded()).toEqual([]);
      expect(await given.loaded('others')).toEqual([[1, 'c', null, null]]);
    }
    const mended = await run({ resnapshot: true, tables: ['items'] });
    expect(mended.run).toMatchObject({ status: 'succeeded' });
    await expectSame();
    await given.source.sql(`UPDATE items SET name = name || '!'`);
    expect((await run()).run).toMatchObject({ status: 'succeeded' });
    await expectSame();
  });

  it('is told of together with others', async () => {
    await loadedOnce();
    await write((table) => `DELETE FROM ${table}`, 'items');
    await write((table) => `DELETE FROM ${table}`, 'others');
    expect((await run()).run.error).toMatch(
      /replica\.items, replica\.others held rows after the last run and are empty now/,
    );
  });

  it('is told of when its rows came by changes', async () => {
    await given.source.sql(createItems, 'CREATE TABLE others (LIKE items INCLUDING ALL)');
    await run();
    await given.source.sql(`INSERT INTO items VALUES (1, 'a', NULL)`);
    await run();
    await write((table) => `DELETE FROM ${table}`);
    expect((await run()).run.error).toMatch(/replica\.items held rows after the last run and is empty now/);
  });

  it('is told of when the last change was a delete that left rows', async () => {
    await loadedOnce();
    await given.source.sql('DELETE FROM items WHERE id = 1');
    await run();
    await given.source.sql('DELETE FROM items WHERE id = 2');
    await run();
    await write((table) => `DELETE FROM ${table}`);
    expect((await run()).run.error).toMatch(/replica\.items held rows after the last run and is empty now/);
  });

  it.each([
    ['deletes', 'DELETE FROM items'],
    ['a truncate', 'TRUNCATE items'],
  ])('is no surprise after %s of the source, nor is a copy without rows', async (_, sql) => {
    await loadedOnce();
    await given.source.sql(sql);
    expect((await run()).run).toMatchObject({ status: 'succeeded' });
    expect((await run()).run).toMatchObject({ status: 'succeeded' });
    await expectSame();
    await given.source.sql(`INSERT INTO items VALUES (4, 'f', NULL)`);
    expect((await run()).run).toMatchObject({ status: 'succeeded' });
    await expectSame();
    await given.source.sql('TRUNCATE items');
    expect((await run({ resnapshot: true, tables: ['items'] })).run).toMatchObject({ status: 'succeeded' });
    expect((await run()).run).toMatchObject({ status: 'succeeded' });
    await expectSame();
  });

  it('holds rows again after a truncate and inserts of one batch', async () => {
    await loadedOnce();
    await given.source.sql('TRUNCATE items', `INSERT INTO items VALUES (5, 'g', NULL)`);
    await run();
    await write((table) => `DELETE FROM ${table}`);
    expect((await run()).run.error).toMatch(/replica\.items held rows after the last run and is empty now/);
  });
});
