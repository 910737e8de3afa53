/**
 * A process that is a ClickHouse server to its clients: the real engine behind the part of the HTTP interface that our
 * client uses, strict about it. Started by `clickhouse.ts` with one argument, the options below as JSON.
 * https://clickhouse.com/docs/interfaces/http
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { constants, createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Fault } from './clickhouse.ts';

interface Options {
  readonly data: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** What of chdb's session is used. */
interface Session {
  queryAsync(
    sql: string,
    options: { readonly format: string },
  ): Promise<{ bytes(): Uint8Array; readonly rowsRead: number }>;
  close(): void;
}

const require = createRequire(join(import.meta.dirname, '..', 'engines', 'package.json'));
const { Session } = require('chdb') as { Session: new (path: string) => Session };

const options = JSON.parse(process.argv[2] ?? '{}') as Options;
const store = join(options.data, 'store');
const pipes = join(options.data, 'pipes');
rmSync(pipes, { recursive: true, force: true });
mkdirSync(pipes, { recursive: true });

// Before the engine is loaded: a process as large as it is takes 50 ms to start another.
const pipeMaker = spawn('sh', ['-c', 'while IFS= read -r name; do mkfifo "$name"; echo "$name"; done'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const pipesMade = createInterface({ input: pipeMaker.stdout });

// One session stays open; each request has one of its own beside it, so that settings end with the request.
const base = new Session(store);
await base.queryAsync('SELECT 1', { format: 'TSV' });

let faults: Fault[] = [];

/** URL parameters that are no settings. */
const reserved = new Set([
  'query',
  'database',
  'query_id',
  'user',
  'password',
  'default_format',
  // Answers are sent whole here anyway.
  'wait_end_of_query',
]);

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (!response.headersSent) refuse(response, 500, 1002, `Code: 1002. DB::Exception: ${String(error)}`);
    else response.destroy();
  });
});
server.requestTimeout = 0;
server.listen(options.port, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});

// The parent's end of this pipe closes when it dies, however that happens.
process.stdin.on('end', () => process.exit(0)).resume();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  if (url.pathname === '/-/faults') {
    faults = JSON.parse(await textOf(request)) as Fault[];
    response.end();
    return;
  }
  if (url.pathname !== '/') return refuse(response, 404, 0, `There is no handle ${url.pathname}`);
  if (!mayEnter(request))
    return refuse(
      response,
      403,
      516,
      `Code: 516. DB::Exception: ${request.headers['x-clickhouse-user'] ?? 'default'}: Authentication failed: ` +
        'password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)',
    );
  const inUrl = url.searchParams.get('query') ?? '';
  // With the statement in the URL the body is data; else the body is the statement.
  const hasData = inUrl !== '' && request.method === 'POST';
  const sql = inUrl === '' ? await textOf(request) : inUrl;
  if (sql.trim() === '')
    return refuse(response, 400, 62, 'Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)');
  // GET may only read, as the real server has it.
  const readonly = request.method === 'GET' ? { readonly: '1' } : {};
  await run({ request, response, sql, hasData, url, readonly });
}

interface Run {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly sql: string;
  readonly hasData: boolean;
  readonly url: URL;
  readonly readonly: Readonly<Record<string, string>>;
}

async function run({ request, response, sql, hasData, url, readonly }: Run): Promise<void> {
  const fault = takeFault(sql);
  if (fault?.kind === 'die-before') process.kill(process.pid, 'SIGKILL');
  if (fault?.kind === 'cut-before') {
    request.socket.destroy();
    return;
  }
  if (fault?.kind === 'refuse') return refuse(response, 500, fault.code, fault.message);
  const session = new Session(store);
  let pipe: string | undefined;
  try {
    const database = url.searchParams.get('database');
    if (database !== null) await session.queryAsync(`USE ${quote(database)}`, { format: 'TSV' });
    const settings = Object.entries({ ...Object.fromEntries(url.searchParams), ...readonly }).filter(
      ([name]) => !reserved.has(name),
    );
    if (settings.length > 0)
      await session.queryAsync(
        `SET ${settings.map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`,
        { format: 'TSV' },
      );
    let statement = sql;
    let feeding: Promise<void> | undefined;
    if (hasData && /\bFORMAT\s+\w+\s*$/i.test(sql)) {
      pipe = await makePipe();
      statement = fromPipe(sql, pipe);
      feeding = feed(request, pipe);
      feeding.catch(() => undefined);
    } else request.resume();
    const format = url.searchParams.get('default_format') ?? 'TabSeparated';
    const ended = session.queryAsync(statement, { format }).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const outcome = await ended;
    if (pipe !== undefined) await release(pipe);
    await feeding;
    if (fault?.kind === 'die-after') process.kill(process.pid, 'SIGKILL');
    if (fault?.kind === 'cut-after') {
      response.destroy();
      return;
    }
    if ('error' in outcome) {
      const { message, code } = exceptionOf(outcome.error);
      return refuse(response, statusOf(code), code, message);
    }
    const bytes = outcome.result.bytes();
    response.setHeader('X-ClickHouse-Query-Id', url.searchParams.get('query_id') ?? randomUUID());
    response.setHeader('X-ClickHouse-Summary', JSON.stringify(summaryOf(sql, outcome.result.rowsRead)));
    response.end(bytes);
  } finally {
    session.close();
    if (pipe !== undefined) rmSync(pipe, { force: true });
  }
}

/** Makes a named pipe. */
async function makePipe(): Promise<string> {
  const path = join(pipes, randomUUID());
  const made = new Promise<void>((resolve) => {
    const look = (line: string) => {
      if (line !== path) return;
      pipesMade.off('line', look);
      resolve();
    };
    pipesMade.on('line', look);
  });
  pipeMaker.stdin.write(`${path}\n`);
  await made;
  return path;
}

/** Copies a body into the pipe. When the client goes away in mid-body, the statement fails instead of ending early. */
async function feed(request: IncomingMessage, path: string): Promise<void> {
  const pipe = createWriteStream(path);
  let isOpen = true;
  // The engine closes its end when it meets an error; the rest of the body is read and dropped then.
  pipe.on('error', () => {
    isOpen = false;
  });
  try {
    for await (const chunk of request) {
      if (isOpen && !pipe.write(chunk)) await drained(pipe);
    }
  } catch {
    pipe.write('\n\0 the body ended early \0\n');
  }
  pipe.end();
  if (!pipe.closed) await once(pipe, 'close').catch(() => undefined);
}

/** Until there is room again, or nobody reads any more. */
function drained(pipe: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      pipe.off('drain', go).off('close', go);
      resolve();
    };
    pipe.on('drain', go).on('close', go);
  });
}

/** A statement that failed early never opened its pipe, and the writer waits for a reader. */
async function release(path: string): Promise<void> {
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await reader.close();
}

function mayEnter(request: IncomingMessage): boolean {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const basic = Buffer.from(`${options.user}:${options.password}`).toString('base64');
    return authorization === `Basic ${basic}`;
  }
  const user = request.headers['x-clickhouse-user'] ?? 'default';
  return user === options.user && (request.headers['x-clickhouse-key'] ?? '') === options.password;
}

/** The data of an INSERT comes through a named pipe, which the engine reads while the body arrives. */
function fromPipe(sql: string, pipe: string): string {
  const format = /\bFORMAT\s+(\w+)\s*$/i.exec(sql)?.[1] ?? '';
  const head = sql.replace(/\bFORMAT\s+\w+\s*$/i, '');
  const input = /\binput\(('(?:[^'\\]|\\.)*')\)/;
  if (input.test(head))
    return head.replace(input, (_, structure) => `file(${literal(pipe)}, ${format}, ${structure})`);
  return `${head} FROM INFILE ${literal(pipe)} FORMAT ${format}`;
}

function summaryOf(sql: string, rows: number) {
  const isWrite = /^\s*INSERT/i.test(sql);
  return { read_rows: String(rows), written_rows: String(isWrite ? rows : 0) };
}

function exceptionOf(error: unknown): { readonly message: string; readonly code: number } {
  const message = error instanceof Error ? error.message : String(error);
  return { message, code: Number(/Code: (\d+)/.exec(message)?.[1] ?? 1002) };
}

/** As the server's `exceptionCodeToHTTPStatus`; all others are 500. */
function statusOf(code: number): number {
  if ([516, 193, 194].includes(code)) return 403;
  if ([60, 81, 46, 47].includes(code)) return 404;
  if ([62, 27, 26, 6, 38, 41, 53, 72, 456].includes(code)) return 400;
  return 500;
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  response.writeHead(status, { 'X-ClickHouse-Exception-Code': String(code), Connection: 'close' });
  response.end(`${message}\n`);
}

/** A fault strikes once, and is over then. */
function takeFault(sql: string): Fault | undefined {
  for (const [index, fault] of faults.entries()) {
    if (!new RegExp(fault.statement, 'i').test(sql)) continue;
    const { skip = 0 } = fault;
    if (skip === 0) return faults.splice(index, 1)[0];
    faults[index] = { ...fault, skip: skip - 1 };
  }
  return undefined;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function quote(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
