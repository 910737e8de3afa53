/** What was parsed of a text that may end in the middle: of objects and lists, the parts that are complete. */
export interface PartialJson {
  readonly value: unknown;
  /** Where parsing stopped. */
  readonly end: number;
  readonly isWhole: boolean;
}

const space = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const text = /"(?:[^"\\]|\\.)*"/y;

class Cut extends Error {}

/**
 * Parses JSON as far as it goes. A member or element that is not complete is left out; integers beyond 2^53 become
 * `bigint`.
 *
 * @throws SyntaxError for what is no JSON, even if more came
 */
export function parsePartial(source: string, from = 0): PartialJson {
  let at = from;
  let isWhole = true;

  const skip = () => {
    space.lastIndex = at;
    space.exec(source);
    at = space.lastIndex;
    if (at >= source.length) throw new Cut();
  };
  const fail = (): never => {
    throw new SyntaxError(`no JSON at character ${at}`);
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(source) ?? [];
    if (found !== undefined) at += found.length;
    return found;
  };
  const string = (): string => {
    const found = take(text);
    if (found !== undefined) return JSON.parse(found) as string;
    // A quote without its partner: the text was cut inside.
    if (source[at] === '"') throw new Cut();
    return fail();
  };

  const value = (): unknown => {
    skip();
    const char = source[at];
    if (char === '{') return members();
    if (char === '[') return elements();
    if (char === '"') return string();
    const found = take(scalar) ?? (source.length - at < 5 ? undefined : fail());
    // A number at the very end may have more digits.
    if (found === undefined || (at === source.length && from !== at && /\d$/.test(found) && depth > 0))
      throw new Cut();
    if (/^-?\d+$/.test(found) && !Number.isSafeInteger(Number(found))) return BigInt(found);
    return JSON.parse(found);
  };
  let depth = 0;

  /** Fills a container; what is cut inside is dropped, and everything around it ends there. */
  const fill = <C>(container: C, close: string, item: () => void): C => {
    at += 1;
    depth += 1;
    try {
      for (let isFirst = true; isWhole; isFirst = false) {
        skip();
        if (source[at] === close) {
          at += 1;
          break;
        }
        if (!isFirst) {
          if (source[at] !== ',') fail();
          at += 1;
        }
        item();
      }
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
      isWhole = false;
    }
    depth -= 1;
    return container;
  };
  const members = (): unknown => {
    const object: Record<string, unknown> = {};
    return fill(object, '}', () => {
      skip();
      const name = string();
      skip();
      if (source[at] !== ':') fail();
      at += 1;
      object[name] = value();
    });
  };
  const elements = (): unknown => {
    const list: unknown[] = [];
    return fill(list, ']', () => {
      const element = value();
      // The last element is kept only when it is complete: half a record has half its fields.
      if (isWhole || Array.isArray(element)) list.push(element);
    });
  };

  let result: unknown;
  try {
    result = value();
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    isWhole = false;
  }
  return { value: result, end: at, isWhole };
}
