import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openDuckdb } from '../../functions/core/warehouses/duckdb/warehouse.ts';
import { dataset } from '../../tests/replication/pipeline.ts';
import type { PostgresServer } from '../../tests/setup/postgres.ts';
import { findBinaries, startPostgres } from '../../tests/setup/postgres.ts';
import type { BenchRow } from '../row.ts';
import { benchColumns, benchTable, checksumSql, createBenchRows } from './dataset.ts';
import type { Followed, FollowOrder } from './replication/follow.ts';

/** Changes of the table; BENCH_CHANGES says another number. */
const changes = Number(process.env.BENCH_CHANGES ?? 300_000);

/** Rows that one transaction of the writer inserts. */
const rowsPerTransaction = 10;

/** What the apply must keep up with, per second. */
const wanted = 10_000;

/** A batch is committed when it is so large. */
const batch = 10_000;

/**
 * One client inserts rows of 15 mixed columns into a published table while a run follows the log into DuckDB: once at
 * 10,000 rows a second, which tells the lag, and once as fast as the client can, which tells how fast the apply is.
 */
export async function benchReplication(): Promise<BenchRow[]> {
  const server = await startPostgres({ max_wal_size: '8GB', shared_buffers: '256MB' });
  const folder = await mkdtemp(join(tmpdir(), 'catchment-bench-'));
  try {
    const client = await connect(server);
    await createBenchRows(client, changes);
    const expected = String(
      (await client.query({ text: checksumSql('postgres', benchTable), rowMode: 'array' })).rows[0],
    );
    const steady = await follow(server, client, folder, wanted);
    const fast = await follow(server, client, folder, undefined);
    await client.end();
    const same = (sum: string) => (sum === expected ? 'equal' : 'differs') as BenchRow['checksum'];
    return [
      {
        path: `replication, ${wanted} inserts a second: furthest behind`,
        ...{ ours: steady.worst, floor: batch, unit: 'rows', ratio: steady.worst / batch, bar: 1 },
        ...{ rows: changes, checksum: same(steady.sum) },
        note: `the floor is one batch; that was ${steady.worstSeconds.toFixed(1)} s after the begin; ${steady.lag} rows behind at the end; all was visible ${steady.tailSeconds.toFixed(1)} s after the last insert; writer ${Math.round(steady.written)} rows/s; ${steady.commits} commits`,
      },
      {
        path: 'replication, one client as fast as it can: apply',
        ...{ ours: fast.applied, floor: wanted, unit: 'rows/s', ratio: wanted / fast.applied, bar: 1 },
        ...{ rows: changes, checksum: same(fast.sum) },
        note: `the floor is the rate to keep up with; the client wrote ${Math.round(fast.written)} rows/s, and was ${fast.lag} rows ahead at its end; ${fast.commits} commits; ${Math.round(fast.peakMegabytes)} MiB`,
      },
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Contest {
  /** Rows a second of the writer, and of the apply from the writer's begin to the last commit. */
  readonly written: number;
  readonly applied: number;
  /** Most rows that were written and not yet committed, at any moment while the writer wrote. */
  readonly worst: number;
  /** From the writer's begin to that moment. */
  readonly worstSeconds: number;
  /** The same when the writer ended. */
  readonly lag: number;
  readonly commits: number;
  /** From the writer's end to the last commit. */
  readonly tailSeconds: number;
  readonly peakMegabytes: number;
  readonly sum: string;
}

async function follow(
  server: PostgresServer,
  client: pg.Client,
  folder: string,
  rate: number | undefined,
): Promise<Contest> {
  const name = rate === undefined ? 'fast' : 'steady';
  const path = join(folder, `${name}.duckdb`);
  await client.query(`CREATE TABLE ${name} (LIKE ${benchTable} INCLUDING ALL)`);
  const { host, port, user, password, database } = server;
  const order: FollowOrder = {
    replication: {
      address: { host, port, database },
      login: { user, password },
      tables: { [name]: { from: `public.${name}`, key: ['id'], columns: benchColumns } },
      settings: { publication: name, slot: name, stay: true },
    },
    path,
    changes,
  };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'replication/follow.ts'), JSON.stringify(order)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = text(child.stdout);
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(String(chunk)));
  await Promise.race([once(child.stderr, 'data'), once(child, 'close')]);
  const began = Date.now();
  const probe = startProbe(client, name);
  await write(server, name, rate, folder);
  const ended = Date.now();
  const samples = await probe.stop();
  const [code] =
    child.exitCode === null ? ((await once(child, 'close')) as [number | null]) : [child.exitCode];
  if (code !== 0) throw new Error(`the run ended with ${code}: ${errors.join('')}`);
  const { commits, peakMegabytes } = JSON.parse(await output) as Followed;
  const last = commits.at(-1)?.[0] ?? Number.NaN;
  const doneAt = (moment: number) => commits.findLast(([ms]) => ms <= moment)?.[1] ?? 0;
  const behind = samples.map(([ms, rows]): [ms: number, rows: number] => [ms, rows - doneAt(ms)]);
  const [worstAt, worst] = behind.reduce((most, each) => (each[1] > most[1] ? each : most), [began, 0]);
  return {
    written: (changes / (ended - began)) * 1000,
    applied: (changes / (last - began)) * 1000,
    worst,
    worstSeconds: (worstAt - began) / 1000,
    lag: changes - doneAt(ended),
    commits: commits.length,
    tailSeconds: (last - ended) / 1000,
    peakMegabytes,
    sum: await loadedSum(path, name),
  };
}

/** Moments and the rows that the source had then: asked for at that moment or a little later, so never too few. */
type Samples = [ms: number, rows: number][];

/** Looks often how much is written. The rows come in the order of their ids, from 1 on. */
function startProbe(client: pg.Client, table: string): { stop(): Promise<Samples> } {
  const samples: Samples = [];
  let isStopped = false;
  const work = (async () => {
    while (!isStopped) {
      const ms = Date.now();
      const { rows } = await client.query({ name: `probe ${table}`, text: `SELECT max(id) FROM ${table}` });
      samples.push([ms, Number(rows[0]?.max ?? 0)]);
      await sleep(50);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await work;
      return samples;
    },
  };
}

async function write(
  server: PostgresServer,
  table: string,
  rate: number | undefined,
  folder: string,
): Promise<void> {
  const script = join(folder, `${table}.sql`);
  await writeFile(
    script,
    `INSERT INTO ${table} SELECT * FROM ${benchTable} WHERE id > :i AND id <= :i + ${rowsPerTransaction};\n\\set i :i + ${rowsPerTransaction}\n`,
  );
  const transactions = Math.ceil(changes / rowsPerTransaction);
  const child = spawn(
    join(findBinaries(), 'pgbench'),
    [
      ...['-n', '-c', '1', '-M', 'prepared', '-D', 'i=0', '-t', String(transactions), '-f', script],
      ...(rate === undefined ? [] : ['-R', String(rate / rowsPerTransaction)]),
      ...['-h', server.host, '-p', String(server.port), '-U', server.user, server.database],
    ],
    { env: { ...process.env, PGPASSWORD: server.password }, stdio: ['ignore', 'ignore', 'ignore'] },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`pgbench ended with ${code}`);
}

async function loadedSum(path: string, table: string): Promise<string> {
  const warehouse = await openDuckdb({ path });
  try {
    const { rows } = await warehouse.query(checksumSql('duckdb', `${dataset}.${table}`));
    return String(rows[0]);
  } finally {
    await warehouse.close();
  }
}

async function connect({ host, port, user, password, database }: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  return client;
}
