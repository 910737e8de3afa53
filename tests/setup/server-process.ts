import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** What the processes of all database servers under test have in common. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Database servers refuse to run as root; their packages made users for them. Undefined for any other user. */
export function serverUser(name: 'postgres' | 'mysql'): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * Ends a server and deletes its folder when this process is gone, whose end closes the watchdog's input.
 *
 * @param end shell command that ends the server; `$0` is the folder
 */
export function watchServer(folder: string, end: string): ChildProcess {
  const watchdog = spawn('sh', ['-c', `cat; ${end}; sleep 1; rm -rf "$0"`, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

export function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}
