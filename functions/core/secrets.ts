import type { z } from 'zod';
import { CatchmentError, fatal, isCatchmentError } from './errors.ts';
import { secretForms } from './secret-forms.ts';

/** Hides secrets in whatever is about to leave the process: errors, logs, ledger rows. */
export interface Redactor {
  redact(text: string): string;
  /**
   * The same for a value: objects, lists, maps and errors (message, stack, causes) are copied with their texts redacted,
   * and values under keys that name a secret are hidden whole. Bytes become their length.
   */
  redactValue<V>(value: V): V;
}

/** Cannot contain a known secret itself, being shorter than the shortest one. */
const hidden = '***';

const secretName =
  '[\\w.-]*(?:authorization|token|secret|passw(?:or)?d|passphrase|api[_-]?key|private[_-]?key|credential|cookie|signature)[\\w.-]*';
const secretKey = new RegExp(`^${secretName}$`, 'i');

/** Texts that give a secret away by the name before it, whatever the secret is. */
const namedSecrets: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`([?&;]${secretName}=)[^&#\\s"'<>]*`, 'gi'), `$1${hidden}`],
  [new RegExp(`("${secretName}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|[\\d.]{4,})`, 'gi'), `$1"${hidden}"`],
  [
    new RegExp(`(\\\\"${secretName}\\\\"\\s*:\\s*)(?:\\\\"(?:(?!\\\\").)*\\\\"|[\\d.]{4,})`, 'gi'),
    `$1\\"${hidden}\\"`,
  ],
  [/(\bauthorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|digest|token)\s+)?[^\s"',}]+/gi, `$1${hidden}`],
  [/(\bbearer\s+)[\w.~+/-]{8,}=*/gi, `$1${hidden}`],
  [/(\b[a-z][a-z\d+.-]{0,20}:\/\/)[^\s/?#@"']+@/gi, `$1${hidden}@`],
];

/**
 * @param secrets secret objects or texts; every text in them of four characters or more is hidden, also URL-encoded,
 *   in base64 (alone or inside a longer text) and escaped for JSON or HTML
 */
export function createRedactor(secrets: readonly unknown[]): Redactor {
  const known = secretForms(secrets).map((form) => RegExp.escape(form));
  const pattern = known.length === 0 ? undefined : new RegExp(known.join('|'), 'g');

  const redact = (text: string): string => {
    let safe = pattern === undefined ? text : text.replace(pattern, hidden);
    for (const [named, instead] of namedSecrets) safe = safe.replace(named, instead);
    return safe;
  };
  return {
    redact,
    redactValue: <V>(value: V): V => redactAny(value, redact, new Map()) as V,
  };
}

/**
 * Reads one group's secret: a JSON object of the shape its source declares.
 *
 * @param where the pipeline, group and secret's name, for the error
 * @throws a fatal `bad-input` error that names the fields that are wrong, and shows no part of any value
 */
export function parseSecret<Shape extends z.ZodObject>(
  text: string,
  shape: Shape,
  where: string,
): z.output<Shape> {
  const fields = Object.keys(shape.shape);
  const allowed = fields.length === 0 ? '{}' : `a JSON object with the fields ${fields.join(', ')}`;
  const refuse = (what: string) =>
    fatal('bad-input', { where, what, allowed, todo: 'store the secret again' });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, so it is no cause either.
    throw refuse('the secret is not JSON');
  }
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const { redact } = createRedactor([json]);
  const mistakes = result.error.issues.map((issue) => {
    const field = issue.path.join('.');
    if (field === '') return redact(issue.message);
    return isMissing(json, issue.path) ? `"${field}" is missing` : `"${field}": ${redact(issue.message)}`;
  });
  throw refuse(`the secret has not the right fields: ${mistakes.join('; ')}`);
}

function isMissing(json: unknown, path: readonly PropertyKey[]): boolean {
  let at = json;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return at === undefined;
}

type Redact = Redactor['redact'];

function redactAny(value: unknown, redact: Redact, seen: Map<object, unknown>): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Error) return redactError(value, redact, seen);
  if (value instanceof URL) return redact(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(redactAny(item, redact, seen));
    return copy;
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (value instanceof Set) return new Set([...value].map((item) => redactAny(item, redact, seen)));
  const copy: Record<string, unknown> = {};
  seen.set(value, copy);
  for (const [key, item] of entries) {
    const name = redact(String(key));
    copy[name] = secretKey.test(name) ? hide(item) : redactAny(item, redact, seen);
  }
  return copy;
}

/** Flags and small counts under a secret's name (`hasToken: true`, `tokens: 3`) say nothing about it. */
function hide(value: unknown): unknown {
  const isHarmless = value === undefined || value === null || typeof value === 'boolean' || value === '';
  return isHarmless || (typeof value === 'number' && Math.abs(value) < 1000) ? value : hidden;
}

/** A copy: other libraries hang requests with their headers on their errors, so of those only plain values are taken. */
function redactError(error: Error, redact: Redact, seen: Map<object, unknown>): Error {
  seen.set(error, '(the same error)');
  const cause = error.cause === undefined ? undefined : redactAny(error.cause, redact, seen);
  const copy = isCatchmentError(error)
    ? new CatchmentError({
        ...error.facts,
        what: redact(error.facts.what),
        where: error.facts.where === undefined ? undefined : redact(error.facts.where),
        got: redactAny(error.facts.got, redact, seen),
        allowed: redactAny(error.facts.allowed, redact, seen) as typeof error.facts.allowed,
        todo: error.facts.todo === undefined ? undefined : redact(error.facts.todo),
        cause,
      })
    : Object.assign(
        new Error(redact(error.message), cause === undefined ? undefined : { cause }),
        plainFields(error, redact),
      );
  if (error instanceof AggregateError)
    Object.assign(copy, { errors: error.errors.map((inner) => redactAny(inner, redact, seen)) });
  Object.defineProperty(copy, 'name', { value: error.name, configurable: true, writable: true });
  Object.defineProperty(copy, 'stack', {
    value: redact(error.stack ?? ''),
    configurable: true,
    writable: true,
  });
  seen.set(error, copy);
  return copy;
}

function plainFields(error: Error, redact: Redact): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (key === 'name' || key === 'stack' || key === 'message') continue;
    if (typeof value === 'string') fields[key] = secretKey.test(key) ? hide(value) : redact(value);
    if (typeof value === 'number' || typeof value === 'boolean') fields[key] = value;
  }
  return fields;
}
