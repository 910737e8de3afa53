import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatchmentError } from '../errors.ts';
import { createRedactor } from '../secrets.ts';
import { createHttp } from './client.ts';
import type { AnswerPolicy } from './policy.ts';
import type { Received, ScriptedServer, Step } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const answer: AnswerPolicy = {
  codeField: 'code',
  messageField: 'message',
  requestIdField: 'request_id',
  ok: [0],
  rules: [
    { codes: [1], action: 'retry', means: 'busy' },
    { codes: [2], action: 'auth', means: 'wrong token' },
    { codes: [3], action: 'wait', waitSeconds: 999, means: 'blocked' },
    { codes: [4], action: 'split', means: 'too large' },
  ],
};

/** Servers that say what they were sent, in every way an answer can go wrong. */
const echoes: Record<string, (secret: string) => Exclude<Step, (...args: never) => void>> = {
  'plain text': (secret) => ({ status: 404, body: `no such token: ${secret}` }),
  'long text that is cut inside the secret': (secret) => ({
    status: 404,
    body: `${'x'.repeat(145)}${secret}`,
  }),
  'long text that is cut inside the excerpt': (secret) => ({
    status: 404,
    body: `${'x'.repeat(9995)}${secret}`,
  }),
  'a gateway page': (secret) => ({
    body: `<p>${secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`,
  }),
  'JSON behind HTTP 500': (secret) => ({ status: 500, body: { echo: { deep: secret } } }),
  'JSON inside JSON': (secret) => ({ status: 400, body: { echo: JSON.stringify({ token: secret }) } }),
  'JSON that breaks off': (secret) => ({ body: `{"a": ${secret}` }),
  'JSON that breaks off behind a text': (secret) => ({
    body: `{"a": "${JSON.stringify(secret).slice(1, -1)}" x`,
  }),
  'HTTP 401': (secret) => ({ status: 401, body: `Authorization: Bearer ${secret}` }),
  base64: (secret) => ({ status: 403, body: `Basic ${Buffer.from(`user:${secret}`).toString('base64')}` }),
  'a redirect': (secret) => ({
    status: 302,
    headers: { location: `/login?next=${encodeURIComponent(secret)}` },
  }),
  'a redirect into the path': (secret) => ({
    status: 302,
    headers: { location: `/${encodeURIComponent(secret)}/` },
  }),
  'a redirect to another host': (secret) => ({
    status: 302,
    headers: { location: `https://evil.com/?token=${encodeURIComponent(secret)}` },
  }),
  'a message to retry': (secret) => ({
    body: { code: 1, message: `busy with ${secret}`, request_id: secret },
  }),
  'a message about the token': (secret) => ({
    body: { code: 2, message: `"${secret}" is wrong`, request_id: 7 },
  }),
  'a message to wait': (secret) => ({ body: { code: 3, message: secret, request_id: secret } }),
  'a message to split': (secret) => ({ body: { code: 4, message: { echo: secret } } }),
  'an unknown code': (secret) => ({ body: { code: 5, message: 'x'.repeat(195) + secret } }),
  'fields instead of a code': (secret) => ({ body: { [secret]: 1 } }),
};

let current: Step = {};
let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer([
    (request: Received, response) => {
      if (typeof current === 'function') return current(request, response);
      const { status = 200, headers = {}, body = '' } = current;
      response.writeHead(status, headers);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    },
  ]);
});
afterAll(() => server.close());

/** Anything that may stand in a header, long enough to be told from the texts around it. */
const secrets = fc
  .string({
    minLength: 6,
    maxLength: 60,
    unit: fc.constantFrom(...'aZ09-._~+/=:&?%#"\'\\<>{}[]()!*,;@$^|` é'.replaceAll(/[ é]/g, '')),
  })
  .map((text) => `S${text}9`);

describe('the secret of a call', () => {
  it.each(Object.keys(echoes))(
    'is in no error and no log line when the vendor echoes it as %s',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(secrets, async (secret) => {
          current = echoes[name]?.(secret) ?? {};
          const { error, lines } = await fail(secret);
          for (const text of [shown(error), JSON.stringify(lines)]) expect(text).not.toContain(secret);
          expect(unescaped(shown(error))).not.toContain(secret);
        }),
        { numRuns: 15 },
      );
    },
  );

  it('is in no error when it is part of the path, the query or the host', async () => {
    const secret = 'S/ecret+value=1';
    for (const path of [
      `x/${encodeURIComponent(secret)}/`,
      `x/?token=${encodeURIComponent(secret)}`,
      `https://${encodeURIComponent('Secret')}.evil.com/${secret}`,
    ]) {
      current = { status: 404, body: 'no' };
      const { error } = await fail(secret, path);
      expect(unescaped(shown(error))).not.toContain(secret);
      expect(shown(error)).not.toContain(encodeURIComponent(secret));
    }
  });

  it('does not hang on the error of a connection that was reset', async () => {
    current = (_, response) => response.destroy();
    const { error } = await fail('the-secret-value');
    expect(error.code).toBe('network');
    expect(shown(error)).not.toContain('the-secret-value');
  });
});

async function fail(secret: string, path = 'x'): Promise<{ error: CatchmentError; lines: unknown[] }> {
  const lines: unknown[] = [];
  const note = (fields: unknown, message: string) => void lines.push(fields, message);
  const { http } = createHttp({
    policy: {
      baseUrl: 'https://api.vendor.com/',
      auth: { header: 'Access-Token', secret: 'token' },
      retry: { limit: 1 },
      answer,
    },
    hosts: ['api.vendor.com'],
    baseUrl: server.baseUrl,
    secret: { token: secret },
    redactor: createRedactor([{ token: secret }]),
    where: 'p/g',
    signal: new AbortController().signal,
    sleep: async () => {},
    log: { debug: note, info: note, warn: note },
  });
  const error = await http.get(path).then(
    () => expect.fail('the call succeeded'),
    (thrown: CatchmentError) => thrown,
  );
  return { error, lines };
}

/** All that a log or a debugger would print: message, stack, causes, hidden fields. */
function shown(error: unknown): string {
  const inner =
    error instanceof Error
      ? `\n${error.message}\n${error.stack}\n${error.cause === undefined ? '' : shown(error.cause)}`
      : '';
  return inspect(error, { depth: 9, showHidden: true, maxStringLength: null }) + inner;
}

function unescaped(text: string): string {
  return text.replaceAll('\\"', '"').replaceAll('\\\\', '\\');
}
