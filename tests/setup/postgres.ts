import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort, hasEnded, serverUser, watchServer } from './server-process.ts';

/** A PostgreSQL server of a test's own: real, empty, with logical replication, and gone with the process. */
export interface PostgresServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** A superuser; its password is asked for (SCRAM), so a wrong one fails. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** An empty database; gives its name. @default a name of its own */
  createDatabase(name?: string): Promise<string>;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
  /** SIGKILL of the server and all its processes, as when the machine dies. The data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; a server that runs is stopped first. */
  restart(): Promise<void>;
}

const user = 'catchment';
const database = 'postgres';

const baseSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  fsync: 'off',
  max_connections: '100',
  max_wal_senders: '20',
  max_replication_slots: '20',
};

/**
 * Starts a PostgreSQL server; call `stop` in `afterAll`. It also ends when this process does, however that happens.
 *
 * @param settings of postgresql.conf, over the defaults above
 * @throws when no PostgreSQL is installed, with what to install
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const bin = findBinaries();
  const owner = serverUser('postgres');
  const folder = await mkdtemp(join(tmpdir(), 'catchment-postgres-'));
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const watchdog = watchServer(folder, 'kill -QUIT "$(head -1 "$0/data/postmaster.pid")"');
  const password = randomBytes(12).toString('hex');
  await initialize(bin, folder, password, owner);
  const port = await freePort();
  const running: { server?: ChildProcess | undefined } = {};

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };

  const start = async (): Promise<void> => {
    const log = await open(join(folder, 'log'), 'a');
    const flags = Object.entries({ ...baseSettings, ...settings, port: String(port) });
    running.server = spawn(
      join(bin, 'postgres'),
      ['-D', data, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { stdio: ['ignore', log.fd, log.fd], env: { LC_ALL: 'C', TZ: 'UTC' }, ...owner },
    );
    await log.close();
    const deadline = Date.now() + 30_000;
    for (;;) {
      if (running.server.exitCode !== null || Date.now() > deadline)
        throw new Error(`PostgreSQL did not start: ${await readFile(join(folder, 'log'), 'utf8')}`);
      const client = await connect().catch(() => undefined);
      if (client !== undefined) return client.end();
      await sleep(30);
    }
  };

  /** `fast` rolls open transactions back and ends connections. */
  const end = async (): Promise<void> => {
    const { server } = running;
    if (server === undefined || hasEnded(server)) return;
    server.kill('SIGINT');
    while (!hasEnded(server)) await sleep(10);
  };

  await start();
  return {
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    async createDatabase(name = `db_${randomBytes(6).toString('hex')}`) {
      const client = await connect();
      try {
        await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return name;
    },
    async kill() {
      const { server } = running;
      if (server?.pid === undefined || hasEnded(server)) return;
      // A session that sees its server die rolls back first, and takes files away that recovery expects; a machine that dies
      // leaves it no time for that. So the server stands still until all its sessions are gone.
      server.kill('SIGSTOP');
      const children = await childrenOf(server.pid);
      for (const pid of children) kill(pid);
      server.kill('SIGKILL');
      while (!hasEnded(server) || children.some(isAlive)) await sleep(10);
    },
    async restart() {
      await end();
      await start();
    },
    async stop() {
      await end();
      watchdog.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The newest PostgreSQL that Debian's packages brought. */
export function findBinaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  const [newest] = versions
    .filter((version) => existsSync(join(root, version, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a));
  if (newest === undefined)
    throw new Error(
      `there is no PostgreSQL below ${root}; install Debian's package: apt-get install postgresql`,
    );
  return join(root, newest, 'bin');
}

async function initialize(
  bin: string,
  folder: string,
  password: string,
  owner: ReturnType<typeof serverUser>,
): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner !== undefined) await chown(passwordFile, owner.uid, owner.gid);
  await promisify(execFile)(
    join(bin, 'initdb'),
    [
      ...['-D', join(folder, 'data'), '-U', user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--no-sync'],
    ],
    { cwd: folder, env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH }, ...owner },
  );
  await rm(passwordFile);
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return pids.trim().split(' ').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Until a killed process has ended it holds the server's shared memory. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
