import { once } from 'node:events';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';

export interface RawCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>;
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Sender {
  /** Sends one request once. Throws when there is no whole answer, and what the body throws. */
  send(call: RawCall): Promise<RawReply>;
  close(): void;
}

/** A long INSERT or merge is silent for minutes. */
const silentMs = 3_600_000;

/** Plain `node:http`, since bodies are streamed: a client of more comfort costs a copy of each chunk. */
export function createSender(secure: boolean): Sender {
  let agent: Agent | undefined;
  return {
    async send({ url, headers, body }) {
      const { request, Agent: AgentOf } = secure ? await import('node:https') : await import('node:http');
      agent ??= new AgentOf({ keepAlive: true, maxSockets: 16 });
      const call = request(url, { method: 'POST', headers, agent, timeout: silentMs });
      call.on('timeout', () => call.destroy(new Error('the server was silent for an hour')));
      const answered = answerOf(call);
      // The answer may be an early refusal, so both are waited for.
      answered.catch(() => undefined);
      if (typeof body === 'string' || body instanceof Uint8Array) call.end(body);
      else await write(call, body, answered);
      return answered;
    },
    close: () => agent?.destroy(),
  };
}

/** A server that refuses in mid-body is not sent the rest. */
async function write(
  call: ClientRequest,
  chunks: AsyncIterable<Uint8Array>,
  answered: Promise<RawReply>,
): Promise<void> {
  const state = { isOver: false };
  const over = answered.then(
    () => {
      state.isOver = true;
    },
    () => {
      state.isOver = true;
    },
  );
  try {
    for await (const chunk of chunks) {
      if (state.isOver) return;
      // Until it is sent: its memory may be another chunk's then.
      const sent = new Promise<void>((resolve) => {
        call.write(chunk, () => resolve());
      });
      await Promise.race([sent, over]);
    }
    call.end();
  } catch (error) {
    call.destroy();
    throw error;
  }
}

async function answerOf(call: ClientRequest): Promise<RawReply> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
