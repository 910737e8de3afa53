import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import type { PostgresServer } from '../../tests/setup/postgres.ts';
import { startPostgres } from '../../tests/setup/postgres.ts';
import type { Measured } from '../child.ts';
import { runChild } from '../child.ts';
import type { BenchRow } from '../row.ts';
import { benchTable, checksumSql, createBenchRows } from './dataset.ts';

/** Rows of the table; BENCH_ROWS says another number. */
const rows = Number(process.env.BENCH_ROWS ?? 2_000_000);

const bar = 1.25;

/**
 * A table of 15 mixed columns from one PostgreSQL database into another: a whole run of the kit beside two `psql` in a
 * pipe, in binary. `append` brings the rows to a table that has none, `replace` to one that is full.
 */
export async function benchPostgresToPostgres(rounds = 3): Promise<BenchRow[]> {
  const server = await startPostgres({ max_wal_size: '8GB', shared_buffers: '256MB' });
  try {
    await withClient(server, server.database, (client) => createBenchRows(client, rows));
    const expected = await checksum(server, server.database, benchTable);
    const append: Pair[] = [];
    const replace: Pair[] = [];
    const sums = new Set([expected]);
    for (let round = 0; round < rounds; round += 1) {
      const byHand = await server.createDatabase();
      const database = await server.createDatabase();
      // Both sides in turn, so that a busy minute meets both.
      append.push({ floor: await pipeByHand(server, byHand), ours: await load(server, database, 'append') });
      sums
        .add(await checksum(server, byHand, benchTable))
        .add(await checksum(server, database, 'loaded.rows'));
      await withClient(server, byHand, (client) => client.query(`DROP TABLE ${benchTable}`));
      await load(server, database, 'replace');
      replace.push({
        floor: await pipeByHand(server, byHand),
        ours: await load(server, database, 'replace'),
      });
      sums
        .add(await checksum(server, byHand, benchTable))
        .add(await checksum(server, database, 'loaded.rows'));
      for (const name of [byHand, database])
        await withClient(server, server.database, (client) =>
          client.query(`DROP DATABASE ${name} WITH (FORCE)`),
        );
    }
    const same = sums.size === 1 ? 'equal' : 'differs';
    return [
      line('PostgreSQL to PostgreSQL, append', append, same),
      line('PostgreSQL to PostgreSQL, replace', replace, same),
      memoryLine([...append, ...replace], same),
    ];
  } finally {
    await server.stop();
  }
}

interface Pair {
  /** Seconds. */
  readonly floor: number;
  readonly ours: Measured;
}

function line(path: string, pairs: readonly Pair[], checksum: BenchRow['checksum']): BenchRow {
  const ours = median(pairs.map((pair) => pair.ours.seconds));
  const floor = median(pairs.map((pair) => pair.floor));
  return {
    path,
    ours: rows / ours,
    floor: rows / floor,
    unit: 'rows/s',
    ratio: ours / floor,
    rows,
    checksum,
    bar,
  };
}

/** The process that pipes, without the servers. */
function memoryLine(pairs: readonly Pair[], checksum: BenchRow['checksum']): BenchRow {
  const ours = median(pairs.map((pair) => pair.ours.peakMegabytes));
  const floor = 768;
  return {
    ...{
      path: 'PostgreSQL to PostgreSQL, memory',
      ours,
      floor,
      unit: 'MiB',
      ratio: ours / floor,
      rows,
      checksum,
    },
    bar: 1,
    note: 'the floor is the limit that the kit sets itself, whatever the size of the table',
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** What a person would type. Creating the table is not measured. */
async function pipeByHand(server: PostgresServer, into: string): Promise<number> {
  await withClient(server, into, (client) =>
    client.query(`CREATE TABLE ${benchTable} (
      id bigint, customer_id integer, amount numeric(12,2), ratio double precision, is_paid boolean, ordered_on date,
      opens_at time, placed_at timestamp, updated_at timestamptz, status text, title text, notes text, reference uuid,
      payload jsonb, digest bytea)`),
  );
  const psql = `psql -X -q -v ON_ERROR_STOP=1 -h ${server.host} -p ${server.port} -U ${server.user}`;
  const out = `${psql} ${server.database} -c "COPY ${benchTable} TO STDOUT (FORMAT binary)"`;
  const in_ = `${psql} ${into} -c "COPY ${benchTable} FROM STDIN (FORMAT binary)"`;
  const began = performance.now();
  const child = spawn('sh', ['-c', `${out} | ${in_}`], {
    env: { ...process.env, PGPASSWORD: server.password },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`psql ended with ${code}`);
  return (performance.now() - began) / 1000;
}

function load(server: PostgresServer, database: string, writeMode: 'append' | 'replace'): Promise<Measured> {
  const { host, port, user, password, database: from } = server;
  return runChild(join(import.meta.dirname, 'postgres-to-postgres/load.ts'), {
    ...{ host, port, user, password, from, database, writeMode },
  });
}

async function checksum(server: PostgresServer, database: string, table: string): Promise<string> {
  return withClient(server, database, async (client) => {
    const { rows: found } = await client.query({ text: checksumSql('postgres', table), rowMode: 'array' });
    return String(found[0]);
  });
}

async function withClient<T>(
  { host, port, user, password }: PostgresServer,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
