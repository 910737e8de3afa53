import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server got it. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the server does about one request. */
export type Step =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Objects are sent as JSON. */
      readonly body?: string | Uint8Array | object;
    }
  | ((request: Received, response: ServerResponse) => void);

export interface ScriptedServer {
  /** With a trailing slash. */
  readonly baseUrl: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** For tests: a server on loopback that answers by a script; its last step is repeated. */
export async function startScriptedServer(steps: readonly Step[]): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: Received = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
    };
    const step = steps[Math.min(received.length, steps.length - 1)];
    received.push(request);
    if (step === undefined) response.destroy();
    else if (typeof step === 'function') step(request, response);
    else answer(step, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  { status = 200, headers = {}, body = {} }: Exclude<Step, (...args: never) => void>,
  response: ServerResponse,
) {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
