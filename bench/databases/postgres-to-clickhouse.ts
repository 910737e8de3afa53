import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ClickhouseServer } from '../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../tests/setup/clickhouse.ts';
import type { PostgresServer } from '../../tests/setup/postgres.ts';
import { startPostgres } from '../../tests/setup/postgres.ts';
import type { Measured } from '../child.ts';
import { runChild } from '../child.ts';
import type { BenchRow } from '../row.ts';
import { type } from '../warehouse-files/engine.ts';
import { benchSelect, benchTable, checksumSql, createBenchRows } from './dataset.ts';
import type { ClickhouseLoad } from './postgres-to-clickhouse/load.ts';

/** Rows of the table; `--rows` says another number. */
const rows = Number(process.env.BENCH_ROWS ?? 2_000_000);

const bar = 1.2;

/** MiB of the process that pipes, without the servers. */
const memoryLimit = 768;

const engine = join(import.meta.dirname, '../../tests/engines/node_modules/chdb');

/**
 * A table of 15 mixed columns from PostgreSQL into ClickHouse: a whole run of the kit beside `psql` whose output is posted
 * by `curl`. `append` brings the rows to a table that has none, `replace` to one that is full.
 */
export async function benchPostgresToClickhouse(rounds = 3): Promise<BenchRow[]> {
  if (!existsSync(engine)) return [leftOut];
  const from = await startPostgres({ max_wal_size: '8GB', shared_buffers: '256MB' });
  const to = await startClickhouse();
  try {
    const sums = new Set([await fill(from)]);
    const seconds = { byHand: [] as number[], append: [] as number[], replace: [] as number[] };
    const megabytes: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const database of ['loaded', 'catchment', 'by_hand'])
        await to.run(`DROP DATABASE IF EXISTS ${database} SYNC`);
      // All by turns, so that a busy minute of the machine meets all of them.
      seconds.byHand.push(await postByHand(from, to));
      sums.add(await checksum(to, `by_hand.${benchTable}`));
      for (const writeMode of ['append', 'replace'] as const) {
        const loaded = await load(from, to, writeMode);
        seconds[writeMode].push(loaded.seconds);
        megabytes.push(loaded.peakMegabytes);
        sums.add(await checksum(to, 'loaded.rows FINAL'));
      }
    }
    const checked = { rows, checksum: sums.size === 1 ? 'equal' : 'differs' } as const;
    const floor = median(seconds.byHand);
    const line = (path: string, ours: number): BenchRow => ({
      ...{
        path,
        ours: rows / ours,
        floor: rows / floor,
        unit: 'rows/s',
        ratio: ours / floor,
        ...checked,
        bar,
      },
    });
    const peak = median(megabytes);
    return [
      line('PostgreSQL to ClickHouse, append', median(seconds.append)),
      line('PostgreSQL to ClickHouse, replace', median(seconds.replace)),
      {
        ...{ path: 'PostgreSQL to ClickHouse, memory', ours: peak, floor: memoryLimit, unit: 'MiB' },
        ...{ ratio: peak / memoryLimit, ...checked, bar: 1 },
        note: 'the floor is the limit that the kit sets itself, whatever the size of the table',
      },
    ];
  } finally {
    await from.stop();
    await to.stop();
  }
}

const leftOut: BenchRow = {
  ...{ path: 'PostgreSQL to ClickHouse', ours: 0, floor: 0, unit: 'rows/s', ratio: 0, rows: 0 },
  checksum: 'n/a',
  note: 'left out: the engine is not installed; "npm ci" in tests/engines installs it, and so does "npm test"',
};

async function fill(server: PostgresServer): Promise<string> {
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    await createBenchRows(client, rows);
    const { rows: found } = await client.query({
      text: checksumSql('postgres', benchTable),
      rowMode: 'array',
    });
    return String(found[0]);
  } finally {
    await client.end();
  }
}

/** What a person would type. Creating the table is not measured. */
async function postByHand(from: PostgresServer, to: ClickhouseServer): Promise<number> {
  const moment = "Nullable(DateTime64(6, 'UTC'))";
  await to.run('CREATE DATABASE by_hand');
  await to.run(`CREATE TABLE by_hand.${benchTable} (
    id Int64, customer_id Nullable(Int64), amount Nullable(Decimal(38, 9)), ratio Nullable(Float64), is_paid Nullable(Bool),
    ordered_on Nullable(Date32), opens_at Nullable(String), placed_at ${moment}, updated_at ${moment},
    status Nullable(String), title Nullable(String), notes Nullable(String), reference Nullable(String),
    payload Nullable(String), digest Nullable(String)) ENGINE = MergeTree ORDER BY tuple()`);
  const select = benchSelect
    .replace(' updated_at,', " updated_at AT TIME ZONE 'UTC',")
    .replaceAll(/\s+/g, ' ');
  const psql = `psql -X -q -v ON_ERROR_STOP=1 -h ${from.host} -p ${from.port} -U ${from.user} ${from.database}`;
  const query = encodeURIComponent(`INSERT INTO by_hand.${benchTable} FORMAT TabSeparated`);
  const login = `-H "X-ClickHouse-User: ${to.user}" -H "X-ClickHouse-Key: ${to.password}"`;
  const began = performance.now();
  await type(
    'sh',
    [
      '-c',
      `${psql} -c "COPY (${select}) TO STDOUT" | curl -sS --fail-with-body ${login} -T - -X POST "${to.url}/?query=${query}"`,
    ],
    { env: { PGPASSWORD: from.password, PGTZ: 'UTC' } },
  );
  return (performance.now() - began) / 1000;
}

function load(
  { host, port, user, password, database }: PostgresServer,
  to: ClickhouseServer,
  writeMode: 'append' | 'replace',
): Promise<Measured> {
  const input: ClickhouseLoad = {
    from: { host, port, user, password, database },
    url: to.url,
    secret: { user: to.user, password: to.password },
    writeMode,
  };
  return runChild(join(import.meta.dirname, 'postgres-to-clickhouse/load.ts'), input);
}

async function checksum(server: ClickhouseServer, table: string): Promise<string> {
  return (await server.run(checksumSql('clickhouse', table))).trim().replaceAll('\t', ',');
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
