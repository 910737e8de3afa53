import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { freePort, hasEnded, serverUser, watchServer } from './server-process.ts';

/** A MariaDB server of a test's own: real, empty, and gone with the process. */
export interface MariadbServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The server's own socket file, for its command line client. */
  readonly socket: string;
  /** May do everything; has a password. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A connection of that user; close it with `end`. */
  connect(database?: string): Promise<mysql.Connection>;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
  /** SIGKILL, as when the machine dies. The data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; a server that runs is stopped first. */
  restart(): Promise<void>;
}

const user = 'catchment';
const database = 'shop';

const binaries = {
  server: ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'],
  install: ['/usr/bin/mariadb-install-db'],
} as const;

/**
 * Starts a MariaDB server; call `stop` in `afterAll`. It also ends when this process does, however that happens.
 *
 * @param settings of the server, such as `{ 'max-allowed-packet': '1M' }`
 * @throws when no MariaDB is installed, with what to install
 */
export async function startMariadb(settings: Readonly<Record<string, string>> = {}): Promise<MariadbServer> {
  const owner = serverUser('mysql');
  const folder = await mkdtemp(join(tmpdir(), 'catchment-mariadb-'));
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const socket = join(folder, 'socket');
  const watchdog = watchServer(folder, 'kill -KILL "$(cat "$0/pid")"');
  const password = randomBytes(12).toString('hex');
  await promisify(execFile)(
    find('install'),
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...(owner === undefined ? [] : ['--user=mysql']),
    ],
    { cwd: folder },
  );
  const initFile = join(folder, 'init.sql');
  await writeFile(initFile, firstStatements(password), { mode: 0o600 });
  if (owner !== undefined) await chown(initFile, owner.uid, owner.gid);
  const port = await freePort();
  const running: { server?: ChildProcess | undefined } = {};

  const connect = (name = database) =>
    mysql.createConnection({
      ...{ host: '127.0.0.1', port, user, password, database: name },
      ...{ multipleStatements: true, timezone: 'Z', charset: 'utf8mb4' },
    });

  const start = async (): Promise<void> => {
    const log = await open(join(folder, 'log'), 'a');
    const flags = { ...baseSettings, ...settings };
    running.server = spawn(
      find('server'),
      [
        '--no-defaults',
        ...[`--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, `--pid-file=${join(folder, 'pid')}`],
        `--init-file=${initFile}`,
        ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ],
      { stdio: ['ignore', log.fd, log.fd], env: { LC_ALL: 'C', TZ: 'UTC' }, cwd: folder, ...owner },
    );
    await log.close();
    const deadline = Date.now() + 30_000;
    for (;;) {
      if (running.server.exitCode !== null || Date.now() > deadline)
        throw new Error(`MariaDB did not start: ${await readFile(join(folder, 'log'), 'utf8')}`);
      const connection = await connect().catch(() => undefined);
      if (connection !== undefined) return connection.end();
      await sleep(30);
    }
  };

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const { server } = running;
    if (server === undefined || hasEnded(server)) return;
    server.kill(signal);
    while (!hasEnded(server)) await sleep(10);
  };

  await start();
  return {
    host: '127.0.0.1',
    port,
    socket,
    user,
    password,
    database,
    connect,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      await end('SIGKILL');
      watchdog.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Small, and careless about power cuts. */
const baseSettings = {
  'bind-address': '127.0.0.1',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-log-file-size': '64M',
  'innodb-buffer-pool-size': '256M',
  'character-set-server': 'utf8mb4',
  'skip-name-resolve': '1',
};

/** Run at each start, so each must bear a second time. */
function firstStatements(password: string): string {
  return [
    `CREATE DATABASE IF NOT EXISTS ${database};`,
    `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

function find(binary: keyof typeof binaries): string {
  const path = binaries[binary].find((each) => existsSync(each));
  if (path !== undefined) return path;
  throw new Error(
    `there is no MariaDB (${binaries[binary].join(', ')}); install Debian's package: apt-get install mariadb-server`,
  );
}
