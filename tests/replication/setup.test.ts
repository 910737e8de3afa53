import { describe, expect, it } from 'vitest';
import type { TableEntry } from './pipeline.ts';
import { runReplication } from './pipeline.ts';
import { createItems, items, useSource } from './use-source.ts';

const given = useSource({ max_replication_slots: '2' });

async function errorOf(
  tables: Readonly<Record<string, TableEntry>>,
  settings?: Record<string, unknown>,
  login?: { user: string; password: string },
): Promise<string> {
  const replication = given.source.replication(tables, settings);
  const summary = await runReplication(
    { ...replication, ...(login === undefined ? {} : { login }) },
    { warehouse: given.warehouse, sleep: async () => {} },
  );
  expect(summary.run.status).toBe('failed');
  return summary.run.error ?? '';
}

describe('before anything is read', () => {
  it('prints the SQL for a publication that is missing, and for a slot', async () => {
    const { source } = given;
    await source.sql(createItems);
    expect(await errorOf({ items }, { create: false })).toContain(
      'there is no publication "pub": CREATE PUBLICATION "pub" FOR TABLE "public"."items";',
    );
    await source.sql('CREATE PUBLICATION pub FOR TABLE items');
    expect(await errorOf({ items }, { create: false })).toMatch(
      /there is no replication slot "(slot_\w+)"; SELECT pg_create_logical_replication_slot\('\1', 'pgoutput'\); or set create: true/,
    );
    await source.sql(`SELECT pg_create_logical_replication_slot('slot_${source.name}', 'pgoutput')`);
    const summary = await runReplication(source.replication({ items }, { create: false }), {
      warehouse: given.warehouse,
    });
    expect(summary.run.status).toBe('succeeded');
  });

  it('lists all that is wrong at once', async () => {
    const { source } = given;
    await source.sql(
      'CREATE TABLE bare (id bigint, name text)',
      'CREATE TABLE nothing (id bigint PRIMARY KEY)',
      'ALTER TABLE nothing REPLICA IDENTITY NOTHING',
      'CREATE TABLE keyed (id bigint, day date, PRIMARY KEY (id, day))',
      'CREATE TABLE made (id bigint PRIMARY KEY, twice bigint GENERATED ALWAYS AS (id * 2) STORED)',
      'CREATE UNLOGGED TABLE quick (id bigint PRIMARY KEY)',
      'CREATE VIEW seen AS SELECT 1::bigint AS id',
    );
    const table = (from: string, ...more: string[]): TableEntry => ({
      from: `public.${from}`,
      key: ['id'],
      columns: ['id', ...more].map((name) => ({ name, type: 'INTEGER' as const })),
    });
    const error = await errorOf({
      bare: table('bare'),
      nothing: table('nothing'),
      keyed: table('keyed'),
      made: table('made', 'twice'),
      quick: table('quick'),
      seen: table('seen'),
      missing: table('missing'),
    });
    for (const words of [
      'bare: public.bare has no replica identity, so nobody could tell which row was changed: give it a primary key, or ALTER TABLE "public"."bare" REPLICA IDENTITY FULL;',
      'nothing: public.nothing has no replica identity',
      'keyed: the key is id, but the replica identity of public.keyed is id, day',
      'made: column twice is generated, and PostgreSQL does not replicate it',
      'quick: public.quick is no table that PostgreSQL logs',
      'seen: public.seen is no table that PostgreSQL logs',
      'missing: there is no table public.missing',
    ])
      expect(error).toContain(words);
  });

  it('refuses a publication that leaves something out', async () => {
    const { source } = given;
    await source.sql(
      createItems,
      'CREATE TABLE parts (id bigint PRIMARY KEY, a text)',
      `CREATE PUBLICATION pub FOR TABLE items WHERE (id > 5), parts (id) WITH (publish = 'insert, delete')`,
    );
    const parts: TableEntry = {
      from: 'public.parts',
      key: ['id'],
      columns: [{ name: 'id', type: 'INTEGER' }],
    };
    const error = await errorOf({ items, parts });
    expect(error).toContain(
      'items: the publication "pub" gives only a part of public.items: take its WHERE away',
    );
    expect(error).toContain(
      'parts: the publication "pub" gives only a part of public.parts: take its column list away',
    );
    expect(error).toContain(
      `the publication "pub" leaves out update, truncate: ALTER PUBLICATION "pub" SET (publish = 'insert, update, delete, truncate');`,
    );
  });

  it('says which right a role lacks', async () => {
    const { source } = given;
    await source.sql(createItems, `CREATE ROLE reader_${source.name} LOGIN PASSWORD 'secret-of-reader'`);
    const login = { user: `reader_${source.name}`, password: 'secret-of-reader' };
    const error = await errorOf({ items }, {}, login);
    expect(error).toContain('the role may not replicate: ALTER ROLE <role> REPLICATION;');
    expect(error).toContain('items: the role may not read public.items: GRANT SELECT ON "public"."items"');
    expect(error).not.toContain(login.password);
    const wrong = await errorOf({ items }, {}, { ...login, password: 'secret-but-wrong' });
    expect(wrong).toMatch(
      /cannot connect .*password authentication failed .*\(28P01\); check user and password/,
    );
    expect(wrong).not.toContain('secret-but-wrong');
  });

  it('counts the slots that are free', async () => {
    const { source } = given;
    await source.sql(
      createItems,
      `SELECT pg_create_logical_replication_slot('other_${source.name}', 'pgoutput')`,
    );
    expect(await errorOf({ items })).toContain(
      '2 replication slots are needed for the slot and the first copy, 1 are free: raise max_replication_slots',
    );
  });

  it('refuses a slot of another plugin or another database', async () => {
    const { source } = given;
    await source.sql(
      createItems,
      `SELECT pg_create_logical_replication_slot('other_${source.name}', 'test_decoding')`,
    );
    expect(await errorOf({ items }, { slot: `other_${source.name}` })).toMatch(
      /the slot "\w+" has the plugin test_decoding, not pgoutput/,
    );
  });
});

it('refuses a server whose log holds no changes', async () => {
  const { startPostgres } = await import('../setup/postgres.ts');
  const { openSource } = await import('./source-database.ts');
  const plain = await startPostgres({ wal_level: 'replica' });
  try {
    const source = await openSource(plain);
    await source.sql(createItems);
    const summary = await runReplication(source.replication({ items }), { warehouse: given.warehouse });
    expect(summary.run.error).toContain('wal_level is replica: ALTER SYSTEM SET wal_level = logical');
    await source.close();
  } finally {
    await plain.stop();
  }
});
