import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What the server does to a statement that matches, once. */
export type Fault = {
  /** A regular expression, without case. */
  readonly statement: string;
  /** Statements that match and pass before. @default 0 */
  readonly skip?: number;
} & (
  | {
      /**
       * `cut`: the connection breaks before or after the statement took effect; the client cannot tell which. `die`: so
       * does the whole server, by SIGKILL.
       */
      readonly kind: 'cut-before' | 'cut-after' | 'die-before' | 'die-after';
    }
  | {
      readonly kind: 'refuse';
      /** ClickHouse's error code, such as 241 (memory limit) or 252 (too many parts). */
      readonly code: number;
      readonly message: string;
    }
);

/** A ClickHouse server of a test's own: the real engine, empty, in a process of its own. */
export interface ClickhouseServer {
  readonly url: string;
  readonly user: string;
  /** It is asked for, so a wrong one fails. */
  readonly password: string;
  /** Runs a statement as the server's owner; gives its answer as text, TabSeparated unless it names a FORMAT. */
  run(sql: string): Promise<string>;
  /** Sets what goes wrong from now on; nothing, without faults. */
  misbehave(...faults: readonly Fault[]): Promise<void>;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
  /** SIGKILL, as when the machine dies. The data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; a server that runs is killed first. */
  restart(): Promise<void>;
}

const user = 'catchment';
const password = 'correct horse';

/** Starts a server; call `stop` in `afterAll`. It also ends when this process does, however that happens. */
export async function startClickhouse(): Promise<ClickhouseServer> {
  const data = await mkdtemp(join(tmpdir(), 'catchment-clickhouse-'));
  let port = 0;
  let running: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const program = join(import.meta.dirname, 'clickhouse-server.ts');
    const options = JSON.stringify({ data, port, user, password });
    const child = spawn(process.execPath, [program, options], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // Statements and pipes that wait hold a thread each.
      env: { ...process.env, UV_THREADPOOL_SIZE: '64' },
    });
    running = child;
    const lines = createInterface({ input: child.stdout });
    const first = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
    if (typeof first[0] !== 'string')
      throw new Error(`the ClickHouse engine did not start: exit ${first[0]}`);
    ({ port } = JSON.parse(first[0]) as { port: number });
  };
  const kill = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const send = async (path: string, body: string): Promise<string> => {
    const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };

  await start();
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    user,
    password,
    run: (sql) => send('/', sql),
    async misbehave(...faults) {
      await send('/-/faults', JSON.stringify(faults));
    },
    kill,
    async restart() {
      await kill();
      await start();
    },
    async stop() {
      await kill();
      await rm(data, { recursive: true, force: true });
    },
  };
}
