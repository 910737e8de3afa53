import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { fatal } from '../errors.ts';

/** An order is five short fields. */
const mostBytes = 64 * 1024;

/** A request as Functions Framework hands it on: the body is read already. */
type FrameworkRequest = IncomingMessage & { readonly rawBody?: Uint8Array };

/**
 * The fields of a request: the query and the JSON object in the body, together.
 *
 * @throws fatal `bad-input` when the body is not a JSON object or a field is given twice; fatal `too-large` above 64 kB
 */
export async function readFields(
  request: FrameworkRequest,
  query: URLSearchParams,
): Promise<Record<string, unknown>> {
  const fields = await readBody(request);
  for (const [field, value] of query) {
    if (field in fields) throw fatal('bad-input', { what: `${field} is given twice`, field, got: value });
    fields[field] = value;
  }
  return fields;
}

/**
 * Makes Functions Framework hand bodies over as bytes. It parses JSON before the function is asked, and answers a
 * mistake in it with an HTML page that shows a stack trace; a type it does not know it leaves alone.
 */
export function takeBodiesAsBytes(): void {
  diagnostics.subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage };
    if (request.headers['content-type'] !== undefined)
      request.headers['content-type'] = 'application/octet-stream';
  });
}

async function readBody(request: FrameworkRequest): Promise<Record<string, unknown>> {
  const text = new TextDecoder().decode(request.rawBody ?? (await readStream(request)));
  if (Buffer.byteLength(text) > mostBytes) throw tooLarge();
  if (text.trim() === '') return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fatal('bad-input', {
      what: `the body is not JSON (${(cause as Error).message})`,
      allowed: 'a JSON object, or nothing',
      cause,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw fatal('bad-input', {
      what: 'the body is not a JSON object',
      got: json,
      allowed: 'a JSON object, or nothing',
    });
  return { ...json };
}

async function readStream(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge() {
  return fatal('too-large', { what: 'the body is too large', allowed: `up to ${mostBytes} bytes` });
}
