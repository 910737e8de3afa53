import { expect, it } from 'vitest';
import type { RunOptions } from './pipeline.ts';
import { runReplication } from './pipeline.ts';
import { openSource, until } from './source-database.ts';
import { createItems, items, large, useSource } from './use-source.ts';

const given = useSource({
  max_slot_wal_keep_size: '1MB',
  min_wal_size: '32MB',
  max_wal_size: '32MB',
  wal_keep_size: '0',
});

const run = (options: Partial<RunOptions> = {}, settings?: Record<string, unknown>) =>
  runReplication(given.source.replication({ items }, settings), { warehouse: given.warehouse, ...options });

const slot = () => `slot_${given.source.name}`;

/** A source with one row in the warehouse, and one more that came after. */
async function loadedOnce(): Promise<void> {
  await given.source.sql(createItems, `INSERT INTO items VALUES (1, 'a', NULL)`);
  await run();
  await given.source.sql(`INSERT INTO items VALUES (2, 'b', NULL)`);
}

/** Nothing is loaded, the cause is said with what to do, and the order that it names mends it. */
async function expectLost(words: RegExp, resnapshot: Partial<RunOptions> = {}): Promise<void> {
  const before = await given.loaded();
  const failed = await run();
  expect(failed.run.status).toBe('failed');
  expect(failed.run.error).toMatch(words);
  expect(failed.run.error).toMatch(/run it with --resnapshot/);
  expect((await run()).run.error).toMatch(words);
  expect(await given.loaded()).toEqual(before);
  const mended = await run({ resnapshot: true, ...resnapshot });
  expect(mended.run).toMatchObject({ status: 'succeeded' });
  await expectSame();
  await given.source.sql(`UPDATE items SET name = name || '!'`);
  expect((await run()).run).toMatchObject({ status: 'succeeded' });
  await expectSame();
}

async function expectSame(): Promise<void> {
  const rows = await given.source.rows('SELECT id, name, body FROM items ORDER BY id');
  expect(await given.loaded()).toEqual(rows.map(([id, ...rest]) => [Number(id), ...rest, null]));
}

it('says that the slot is gone, and reads anew only when told to', async () => {
  await loadedOnce();
  await given.source.sql(`SELECT pg_drop_replication_slot('${slot()}')`);
  await expectLost(/the slot "slot_db_\w+" is gone, and with it the log after [0-9A-F]+\/[0-9A-F]+/);
});

it('says that a slot was made anew under the same name', async () => {
  await loadedOnce();
  await given.source.sql(
    `SELECT pg_drop_replication_slot('${slot()}')`,
    `SELECT pg_create_logical_replication_slot('${slot()}', 'pgoutput')`,
  );
  await expectLost(/the slot "\w+" begins at \S+, but the warehouse's data ends at \S+: it was made anew/);
});

it('says that somebody else reads the slot', async () => {
  await loadedOnce();
  await given.source.sql(`SELECT pg_replication_slot_advance('${slot()}', pg_current_wal_lsn())`);
  await expectLost(/or somebody else reads it/);
});

it('says that the server has thrown away the log of the slot', { timeout: 60_000 }, async () => {
  await loadedOnce();
  const { source } = given;
  await until('the slot is lost', async () => {
    await source.sql(
      'CREATE TABLE IF NOT EXISTS filler (a text)',
      `INSERT INTO filler SELECT ${large('f')} FROM generate_series(1, 400)`,
    );
    await source.sql('SELECT pg_switch_wal()', 'CHECKPOINT');
    const [[status] = []] = await source.rows(
      `SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${slot()}'`,
    );
    return status === 'lost';
  });
  await expectLost(/the server has thrown away the log that the slot "\w+" needs \(wal_removed\)/);
});

it('says that a table was taken out of the publication, and that it was put back', async () => {
  await loadedOnce();
  await given.source.sql('ALTER PUBLICATION pub DROP TABLE items');
  const out = await run({}, { create: false });
  expect(out.run.error).toContain(
    'the publication "pub" lacks public.items: ALTER PUBLICATION "pub" ADD TABLE "public"."items";',
  );
  await given.source.sql('ALTER PUBLICATION pub ADD TABLE items');
  await expectLost(/public\.items was taken out of the publication and put back since it was copied/, {
    tables: ['items'],
  });
});

it('says that a table was dropped and made anew', async () => {
  await loadedOnce();
  await given.source.sql(
    'DROP TABLE items',
    createItems,
    `INSERT INTO items VALUES (7, 'z', NULL)`,
    'ALTER PUBLICATION pub ADD TABLE items',
  );
  await expectLost(/public\.items was dropped and made anew since it was copied/, { tables: ['items'] });
});

it('says that the publication is gone, and that changes made without it cannot be read', async () => {
  await loadedOnce();
  await given.source.sql('DROP PUBLICATION pub', `INSERT INTO items VALUES (3, 'c', NULL)`);
  const gone = await run({}, { create: false });
  expect(gone.run.error).toContain(
    'there is no publication "pub": CREATE PUBLICATION "pub" FOR TABLE "public"."items";',
  );
  await expectLost(/public\.items was taken out of the publication and put back/);
});

it('says that the database is another one', async () => {
  await loadedOnce();
  const other = await openSource(given.server);
  try {
    await other.sql(createItems);
    const moved = await runReplication(other.replication({ items }), { warehouse: given.warehouse });
    expect(moved.run.error).toMatch(
      /the database is another one \(\d+\/db_\w+\) than the one that was read before/,
    );
    expect(await given.loaded()).toHaveLength(1);
  } finally {
    await other.close();
  }
});

it('asks again for a slot that somebody holds, and fails as retryable when it stays held', async () => {
  await loadedOnce();
  const { source } = given;
  const { default: pg } = await import('pg');
  const { host, port, user, password } = given.server;
  const holder = new pg.Client({
    host,
    port,
    user,
    password,
    database: source.name,
    replication: 'database',
  } as never);
  holder.on('error', () => undefined);
  await holder.connect();
  holder
    .query(`START_REPLICATION SLOT "${slot()}" LOGICAL 0/0 (proto_version '1', publication_names 'pub')`)
    .catch(() => undefined);
  await until('the slot is held', async () => {
    const [[active] = []] = await source.rows(
      `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot()}'`,
    );
    return active === 't';
  });
  const waits: number[] = [];
  const held = await run({
    sleep: async (ms) => {
      waits.push(ms);
    },
  });
  expect(held.run.error).toMatch(/replication slot "\w+" is active for PID \d+ \(55006\)/);
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000]);
  const freed = await run({
    sleep: async () => {
      (holder as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      await until('the slot is free', async () => {
        const [[active] = []] = await source.rows(
          `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot()}'`,
        );
        return active === 'f';
      });
    },
  });
  expect(freed.run.status).toBe('succeeded');
  await expectSame();
});
