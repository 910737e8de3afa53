import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import { tableInSql } from '../../functions/core/run/is-empty.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { ChildOrder } from './crash-child.ts';
import { dataset } from './pipeline.ts';
import { randomTransaction, seeded, startWriter } from './random-work.ts';
import { openSource } from './source-database.ts';
import { createItems, items } from './use-source.ts';

let server: PostgresServer;
let folder: string;

beforeAll(async () => {
  server = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'catchment-crash-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Longer than a lease: one of a dead process holds on a warehouse that others write as well. */
const lifeMs = 11 * 60_000;

/** A run that has no more to do than to catch up ends long before. */
const mostEffects = 60;

it.each(['duckdb', 'sqlite', 'postgres'] as const)(
  'has every row of the source in %s at the end, whichever side effect a run dies after',
  { timeout: 300_000 },
  async (kind) => {
    const source = await openSource(server);
    const { config, secret } = await placeOf(kind);
    await source.sql(createItems, 'CREATE TABLE parts (LIKE items INCLUDING ALL)');
    const random = seeded(20_261_121);
    for (let count = 0; count < 50; count += 1)
      for (const statement of randomTransaction(random)) await source.sql(statement);
    const replication = source.replication({ items, parts: { ...items, from: 'public.parts' } });

    const writer = startWriter(source, random);
    let lives = 0;
    const dieAtEach = async (): Promise<number> => {
      for (let point = 1; point < mostEffects; point += 1) {
        lives += 1;
        const order = { replication, warehouse: config, secret, last: point, aheadMs: lives * lifeMs };
        if ((await live(order)) === 'ended') return point - 1;
      }
      throw new Error(`a run has more than ${mostEffects} side effects`);
    };
    try {
      // First the copy, each step of which is only reached by the life that dies right after it; then the stream.
      expect(await dieAtEach()).toBeGreaterThanOrEqual(10);
      expect(await dieAtEach()).toBeGreaterThanOrEqual(6);
    } finally {
      expect(await writer.stop()).toBeGreaterThan(100);
    }
    const last = { replication, warehouse: config, secret, last: 0, aheadMs: (lives + 1) * lifeMs };
    expect(await live(last)).toBe('ended');

    const warehouse = await openWarehouse(config, { root: '/', secret });
    try {
      const place = (within: string, name: string) =>
        tableInSql(kind, { dataset: within, name } as Parameters<typeof tableInSql>[1]);
      for (const table of ['items', 'parts']) {
        const expected = await source.rows(`SELECT id, name, body FROM ${table} ORDER BY id`);
        const { rows } = await warehouse.query(
          `SELECT id, name, body FROM ${place(dataset, table)} ORDER BY id`,
        );
        expect(rows.map(([id, ...rest]) => [String(id), ...rest])).toEqual(expected);
      }
      const quarantined = await warehouse.query(`SELECT count(*) FROM ${place('catchment', 'quarantine')}`);
      expect(Number(quarantined.rows[0]?.[0])).toBe(0);
    } finally {
      await warehouse.close();
      await source.close();
    }
  },
);

async function placeOf(
  kind: 'duckdb' | 'sqlite' | 'postgres',
): Promise<{ config: WarehouseConfig; secret: unknown }> {
  if (kind !== 'postgres')
    return { config: { name: 'main', kind, path: join(folder, `crash.${kind}`) }, secret: undefined };
  const { host, port, user, password } = server;
  const database = await server.createDatabase();
  return { config: { name: 'main', kind, host, port, database }, secret: { user, password } };
}

async function live(order: ChildOrder): Promise<'ended' | 'killed'> {
  try {
    await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, 'crash-child.ts'),
      JSON.stringify(order),
    ]);
    return 'ended';
  } catch (error) {
    const { signal, stderr } = error as { signal: string | null; stderr: string };
    if (signal === 'SIGKILL') return 'killed';
    throw new Error(`the child failed in life ${order.last}: ${stderr}`, { cause: error });
  }
}
