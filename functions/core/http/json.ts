type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** JSON as the engine has it; the standard library's types do not know the reviver's context and rawJSON yet. */
const engine: {
  parse(text: string, reviver?: Reviver): unknown;
  stringify(value: unknown, replacer?: (key: string, value: unknown) => unknown): string | undefined;
  rawJSON(text: string): unknown;
} = JSON as never;

/** Integers of 15 digits and fewer are exact as numbers. */
const manyDigits = 16;
/** Stands before a big integer that was turned into a text. */
const marker = '~catchment-int~';

/**
 * JSON.parse, but integers beyond 2^53 come as `bigint`. Where a text holds none it is as fast as JSON.parse.
 *
 * @throws the SyntaxError of JSON.parse
 */
export function parseJson(text: string): unknown {
  const places = bigIntegers(text);
  if (places.length === 0) return engine.parse(text);
  return parseMarked(text, places) ?? engine.parse(text, reviveInteger);
}

/** JSON.stringify, but `bigint` is written as a number with all its digits. */
export function stringifyJson(value: unknown): string | undefined {
  return engine.stringify(value, (_, inner) =>
    typeof inner === 'bigint' ? engine.rawJSON(String(inner)) : inner,
  );
}

/**
 * Start and end of what may be a big integer outside a string, in turns. It may also be digits inside a string, but not
 * a string of digits alone, which is how most vendors send ids.
 */
function bigIntegers(text: string): number[] {
  const places: number[] = [];
  // A run of 16 digits covers one of every 16th positions.
  for (let probe = manyDigits - 1; probe < text.length; probe += manyDigits) {
    if (!isDigit(text.charCodeAt(probe))) continue;
    let start = probe;
    while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--;
    let end = probe + 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    if (end - start >= manyDigits) {
      const isNumber = text.charCodeAt(start) !== 48; // JSON has no leading zeros
      if (text.charCodeAt(start - 1) === 45 /* - */) start--;
      if (isNumber && mayBegin(text.charCodeAt(start - 1)) && mayEnd(text.charCodeAt(end)))
        places.push(start, end);
    }
    probe += Math.floor((end - 1 - probe) / manyDigits) * manyDigits;
  }
  return places;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The start of the text (NaN), white space, `[`, `,` and `:` may stand before a number. */
function mayBegin(code: number): boolean {
  return Number.isNaN(code) || code <= 32 || code === 91 || code === 44 || code === 58;
}

/** The end of the text (NaN), white space, `]`, `,` and `}` end an integer; a point or an exponent makes it a float. */
function mayEnd(code: number): boolean {
  return Number.isNaN(code) || code <= 32 || code === 93 || code === 44 || code === 125;
}

/**
 * Puts the big integers between quotes, parses, and turns them into `bigint`: three times as fast as a reviver, which
 * is called for every value.
 *
 * @returns undefined when a place was inside a string (then the marked text is no JSON, since a quote ends that string
 *   early) or the text uses the marker itself
 */
function parseMarked(text: string, places: readonly number[]): unknown {
  const parts: string[] = [];
  let from = 0;
  for (let index = 0; index < places.length; index += 2) {
    const end = places[index + 1] ?? 0;
    const start = places[index] ?? 0;
    parts.push(text.slice(from, start), `"${marker}${text.slice(start, end)}"`);
    from = end;
  }
  parts.push(text.slice(from));
  try {
    const found = { count: 0 };
    const value = restore(engine.parse(parts.join('')), found);
    return found.count === places.length / 2 ? value : undefined;
  } catch {
    return undefined;
  }
}

function restore(value: unknown, found: { count: number }): unknown {
  if (typeof value === 'string') {
    if (value.charCodeAt(0) !== 126 /* ~ */ || !value.startsWith(marker)) return value;
    found.count++;
    return integer(value.slice(marker.length));
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const inner: unknown = value[index];
      if (typeof inner === 'string' || typeof inner === 'object') value[index] = restore(inner, found);
    }
    return value;
  }
  const record = value as Record<string, unknown>;
  for (const key in record) {
    const inner = record[key];
    if (typeof inner === 'string') {
      if (inner.charCodeAt(0) === 126) record[key] = restore(inner, found);
    } else if (typeof inner === 'object' && inner !== null) restore(inner, found);
  }
  return value;
}

const reviveInteger: Reviver = (_, value, { source }) =>
  typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source) ? integer(source) : value;

function integer(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
