import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { RawCall } from '../../core/http/http.ts';
import { signAzure } from '../stores/sign-azure.ts';
import type { Ask, Misbehave } from './store-server.ts';

export const account = 'catchmenttests';
export const accountKey = Buffer.from('a key of the tests, known to everyone').toString('base64');

const version = '2021-12-02';

const program = join(
  import.meta.dirname,
  '../../../tests/engines/node_modules/azurite/dist/src/blob/main.js',
);

/** Azurite, Microsoft's own emulator, behind a proxy that counts, cuts and refuses. */
export interface Azurite {
  /** Of the account, behind the proxy. */
  readonly endpoint: string;
  readonly requests: readonly string[];
  readonly bytesServed: number;
  misbehave(how: Misbehave | undefined): void;
  createContainer(name: string): Promise<void>;
  put(container: string, key: string, bytes: Uint8Array, contentEncoding?: string): Promise<void>;
  remove(container: string, key: string): Promise<void>;
  /** A shared access signature of a container: what it allows, and for how many seconds from now. */
  sign(container: string, permissions: string, seconds: number): string;
  close(): Promise<void>;
}

export async function startAzurite(): Promise<Azurite> {
  const azurite = await startProgram();
  const requests: string[] = [];
  const counts = new Map<string, number>();
  let how: Misbehave | undefined;
  let bytesServed = 0;

  const proxy = createServer((incoming, response) => {
    const { method = 'GET', url = '/' } = incoming;
    requests.push(`${method} ${url}`);
    const kind: Ask['kind'] = url.includes('comp=list') ? 'list' : method === 'HEAD' ? 'stat' : 'read';
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const key = decodeURIComponent(url.split('?')[0]?.split('/').slice(3).join('/') ?? '');
    const bad = how?.({ kind, key, count });
    if (bad?.status !== undefined) {
      response.writeHead(bad.status, { 'x-ms-error-code': bad.code ?? '', ...bad.headers });
      response.end(
        method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${bad.code}</Code></Error>`,
      );
      return;
    }
    const upstream = request(
      { port: azurite.port, host: '127.0.0.1', method, path: url, headers: incoming.headers },
      async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        let body: Buffer = Buffer.concat(chunks);
        if (kind === 'read' && (answer.statusCode ?? 500) < 300) {
          if (bad?.garble === true) body.writeUInt8((body.readUInt8(0) + 1) % 256, 0);
          const sent = Math.min(bad?.cutAfter ?? body.length, body.length);
          bytesServed += sent;
          if (sent < body.length) {
            response.writeHead(answer.statusCode ?? 500, answer.headers);
            response.write(body.subarray(0, sent), () => response.destroy());
            return;
          }
        }
        if (method === 'HEAD') body = Buffer.alloc(0);
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.end(body);
      },
    );
    upstream.on('error', () => response.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  const base = `http://127.0.0.1:${azurite.port}/${account}`;
  return {
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/${account}`,
    requests,
    get bytesServed() {
      return bytesServed;
    },
    misbehave(next) {
      counts.clear();
      how = next;
    },
    createContainer: (name) => send(`${base}/${name}?restype=container`, 'PUT', {}),
    put: (container, key, bytes, contentEncoding) =>
      send(
        `${base}/${container}/${key.split('/').map(encodeURIComponent).join('/')}`,
        'PUT',
        {
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-blob-content-type': 'application/octet-stream',
          ...(contentEncoding !== undefined && { 'x-ms-blob-content-encoding': contentEncoding }),
        },
        bytes,
      ),
    remove: (container, key) =>
      send(`${base}/${container}/${key.split('/').map(encodeURIComponent).join('/')}`, 'DELETE', {}),
    sign(container, permissions, seconds) {
      const ends = `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
      // https://learn.microsoft.com/rest/api/storageservices/create-service-sas, version 2020-12-06 and later
      const text = [permissions, '', ends, `/blob/${account}/${container}`, '', '', '', version, 'c'];
      const rest = Array.from({ length: 7 }, () => '');
      const sig = createHmac('sha256', Buffer.from(accountKey, 'base64'))
        .update([...text, ...rest].join('\n'))
        .digest('base64');
      return new URLSearchParams({ sv: version, sp: permissions, se: ends, sr: 'c', sig }).toString();
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      });
      await azurite.close();
    },
  };
}

/** Writes for the tests: our own signing knows no bodies, so the length is put into its text here. */
async function send(
  url: string,
  method: string,
  more: Readonly<Record<string, string>>,
  body: Uint8Array = new Uint8Array(),
): Promise<void> {
  const headers = { 'x-ms-version': version, ...more };
  const signed = await signAzure(
    account,
    accountKey,
    body.length === 0 ? '' : String(body.length),
  )({ method: method as RawCall['method'], url: new URL(url), headers, body: undefined }, new Date());
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...signed },
    body: Buffer.from(body),
  });
  if (!answer.ok) throw new Error(`azurite: ${method} ${url}: ${answer.status} ${await answer.text()}`);
}

async function startProgram(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const child = spawn(
    process.execPath,
    [program, '--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--disableTelemetry'],
    {
      env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    void ended.then(() => reject(new Error(`azurite ended: ${said}`)));
  });
  return {
    port,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
