import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickhouseServer } from '../../../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import { acquire, items } from '../conformance/bench.ts';
import type { Warehouse } from '../warehouse.ts';
import { openClickhouse } from './warehouse.ts';

describe.skipIf(unavailable('clickhouse') !== undefined)('what goes wrong on ClickHouse', () => {
  let server: ClickhouseServer;
  let now = new Date('2026-11-12T06:00:00Z');
  beforeAll(async () => {
    server = await startClickhouse();
  });
  afterAll(() => server.stop());

  const open = (secret: unknown = { user: server.user, password: server.password }): Warehouse =>
    openClickhouse({ name: 'main', kind: 'clickhouse', url: server.url, secret: 'ch' }, secret, {
      sleep: async () => undefined,
      now: () => now,
    });

  it('is told as refused when the password is wrong, without the password', async () => {
    const warehouse = open({ user: server.user, password: 'wrong secret' });
    const error = await warehouse.prepare([items()]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'fatal',
      code: 'auth',
      message:
        '[main] ClickHouse refused the user or the password (code 516); ' +
        'put the right user and password into the secret of the warehouse',
    });
    expect(JSON.stringify(error)).not.toContain('wrong secret');
  });

  it('is told at once when the secret is missing or has another shape', () => {
    expect(() => open(null)).toThrow(
      '[main] the secret ch of the ClickHouse warehouse has another shape; allowed: { "user": "…", "password": "…" }',
    );
    expect(() =>
      openClickhouse({ name: 'main', kind: 'clickhouse', url: server.url, secret: 'ch' }, undefined),
    ).toThrow('[main] the ClickHouse warehouse was opened without its secret; give it the value of ch');
  });

  it.each([
    [497, 'catchment: Not enough privileges', 'fatal', 'auth', 'grant the user'],
    [81, 'Database conformance does not exist', 'fatal', 'warehouse', 'the next run makes it again'],
    [60, 'Table conformance.items does not exist', 'fatal', 'warehouse', 'the next run makes it again'],
    [241, 'Memory limit (total) exceeded', 'retryable', 'warehouse', 'raise max_memory_usage'],
    [252, 'Too many parts (3000)', 'retryable', 'warehouse', 'cannot merge as fast as rows come'],
    [
      243,
      'Cannot reserve 1.00 MiB, not enough space',
      'fatal',
      'disk-full',
      "free space on the server's disk",
    ],
    [201, 'Quota for user has been exceeded', 'retryable', 'deferred', 'the next run goes on from here'],
  ])('is told apart by the code %i: %s', async (code, message, kind, expected, todo) => {
    const warehouse = open();
    await warehouse.prepare([items()]);
    const text = `Code: ${code}. DB::Exception: ${message}. (NAME)`;
    const fault = {
      kind: 'refuse',
      statement: 'CREATE TABLE.*catchment_staging',
      code,
      message: text,
    } as const;
    await server.misbehave(...Array.from({ length: 6 }, () => fault));
    const error = await warehouse.openStage(items(), 'a').catch((thrown: unknown) => thrown);
    await server.misbehave();
    expect(error).toMatchObject({ kind, code: expected, message: expect.stringContaining(todo) });
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    if (code === 201) expect(error).toMatchObject({ resumeAt: new Date('2026-11-12T07:00:00Z') });
    await warehouse.close();
  });

  it('passes when too many parts were there for a moment', async () => {
    const warehouse = open();
    await warehouse.prepare([items()]);
    await server.misbehave({
      kind: 'refuse',
      statement: 'CREATE TABLE.*catchment_staging',
      code: 252,
      message: 'Code: 252. DB::Exception: Too many parts. (TOO_MANY_PARTS)',
    });
    const stage = await warehouse.openStage(items(), 'a');
    expect(stage.rows).toBe(0);
    await stage.discard();
    await warehouse.close();
  });

  it('gives the lease back when the rest of a new ledger cannot be made', async () => {
    const { url, user, password } = server;
    const config = { name: 'main', kind: 'clickhouse', url, secret: 'ch', database: 'fresh' } as const;
    const warehouse = openClickhouse(config, { user, password }, { sleep: async () => undefined });
    await server.misbehave({
      kind: 'refuse',
      statement: 'CREATE TABLE.*quarantine',
      code: 497,
      message: 'Code: 497. DB::Exception: catchment: Not enough privileges. (ACCESS_DENIED)',
    });
    await expect(acquire(warehouse, { run: 'r1' })).rejects.toMatchObject({ kind: 'fatal', code: 'auth' });
    await server.misbehave();
    expect(await acquire(warehouse, { run: 'r2' })).toMatchObject({ fence: 2 });
    await warehouse.close();
  });

  it('is a network error when the server is gone, and passes when it comes back', async () => {
    now = new Date('2026-11-12T08:00:00Z');
    const warehouse = open();
    await acquire(warehouse, {});
    await server.kill();
    await expect(warehouse.query('select 1')).rejects.toMatchObject({ kind: 'retryable', code: 'network' });
    await server.restart();
    expect((await warehouse.query('select 1')).rows).toEqual([[1]]);
    await warehouse.close();
  });

  it('names the table that somebody dropped under a commit', async () => {
    const warehouse = open();
    await warehouse.prepare([items()]);
    await server.run('DROP TABLE conformance.items SYNC');
    await expect(warehouse.openStage(items(), 'a')).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message: expect.stringContaining('conformance.items'),
    });
    await warehouse.close();
  });

  it('is a bad query, with the words of ClickHouse', async () => {
    const warehouse = open();
    await expect(warehouse.query('select nosuch')).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-input',
      message: expect.stringContaining('nosuch'),
    });
    await warehouse.close();
  });
});
