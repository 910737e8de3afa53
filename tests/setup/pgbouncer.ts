import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresServer } from './postgres.ts';
import { freePort, serverUser } from './server-process.ts';

export interface Pooler {
  readonly host: '127.0.0.1';
  readonly port: number;
  stop(): Promise<void>;
}

/** A PgBouncer before all databases of a server, with the server's own login. */
export async function startPgbouncer(
  server: PostgresServer,
  poolMode: 'session' | 'transaction',
): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-pgbouncer-'));
  const owner = serverUser('postgres');
  const port = await freePort();
  const [users, config] = [join(folder, 'users'), join(folder, 'pgbouncer.ini')];
  await writeFile(users, `"${server.user}" "${server.password}"\n`, { mode: 0o600 });
  await writeFile(
    config,
    `[databases]
* = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${poolMode}
`,
  );
  if (owner !== undefined)
    for (const path of [folder, users, config]) await chown(path, owner.uid, owner.gid);
  const child = spawn('/usr/sbin/pgbouncer', ['-q', config], { stdio: 'ignore', ...owner });
  const stop = async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const { user, password, database } = server;
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database });
    try {
      await client.connect();
      await client.end();
      return { host: '127.0.0.1', port, stop };
    } catch (cause) {
      if (attempt < 200) {
        await sleep(30);
        continue;
      }
      await stop();
      throw new Error('PgBouncer did not start', { cause });
    }
  }
}
