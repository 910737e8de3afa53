import { z } from 'zod';
import { didYouMean, type Path, type Report } from './mistake.ts';

/**
 * Reads a value with a zod shape. Every issue is reported with its path, the value met and what is allowed.
 *
 * @returns undefined when there were mistakes
 */
export function checkShape<S extends z.ZodType>(
  shape: S,
  value: unknown,
  path: Path,
  report: Report,
): z.output<S> | undefined {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(shape, value, path, issue, report);
  return undefined;
}

/** Reports keys that are not among the allowed ones. */
export function checkKeys(value: object, allowed: readonly string[], path: Path, report: Report): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key)) reportUnknownKey(key, allowed, path, report);
}

/** The keys of an object shape, in order. */
export function keysOf(shape: z.ZodObject): string[] {
  return Object.keys(shape.shape);
}

/** A mapping, or undefined after a report. Nothing at all (`groups: { main: }`) is an empty one. */
export function asMapping(
  value: unknown,
  path: Path,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  report({ path, what: 'is not a mapping', got: value });
  return undefined;
}

function reportIssue(
  shape: z.ZodType,
  value: unknown,
  base: Path,
  issue: z.core.$ZodIssue,
  report: Report,
): void {
  const inner = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const path = [...base, ...inner];
  const got = valueAt(value, inner);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const at = shapeAt(shape, inner);
      const allowed = at instanceof z.ZodObject ? keysOf(at) : [];
      for (const key of issue.keys) reportUnknownKey(key, allowed, path, report);
      return;
    }
    case 'invalid_type': {
      const wanted = article(issue.expected);
      const isMissing = got === undefined;
      const isBareNumber = issue.expected === 'string' && typeof got === 'number';
      const allowed = ownMessage(issue) ?? (isMissing ? wanted : undefined);
      const todo = isBareNumber && allowed === undefined ? 'write it in quotes' : undefined;
      report({ path, what: isMissing ? 'is missing' : `is not ${wanted}`, got, allowed, todo });
      return;
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const todo = typeof got === 'string' ? didYouMean(got, allowed) : undefined;
      report({ path, what: got === undefined ? 'is missing' : 'is unknown', got, allowed, todo });
      return;
    }
    case 'invalid_key': {
      const [first] = issue.issues;
      report({ path, what: 'is a wrong name', got: inner.at(-1), allowed: first?.message });
      return;
    }
    case 'invalid_format':
      report({ path, what: 'is wrong', got, allowed: ownMessage(issue) ?? issue.pattern });
      return;
    default:
      report({ path, what: 'is wrong', got, allowed: ownMessage(issue) ?? plain(issue.message) });
  }
}

function reportUnknownKey(key: string, allowed: readonly string[], path: Path, report: Report): void {
  report({ path: [...path, key], what: 'is not a known key', allowed, todo: didYouMean(key, allowed) });
}

/** zod's default texts begin with these words; anything else was written by us. */
function ownMessage({ message }: z.core.$ZodIssue): string | undefined {
  return /^(?:Invalid|Too )/.test(message) ? undefined : message;
}

/** `Too small: expected array to have >=1 items` without its heading. */
function plain(message: string): string {
  return message.replace(/^[^:]*: expected /, '');
}

function article(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    array: 'a list',
    record: 'a mapping',
    object: 'a mapping',
  };
  if (expected === 'int') return 'a whole number';
  if (expected === 'boolean') return 'true or false';
  return words[expected] ?? `a ${expected}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[part];
  }
  return at;
}

function shapeAt(shape: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  const bare = unwrap(shape);
  const [part, ...rest] = path;
  if (part === undefined) return bare;
  if (bare instanceof z.ZodObject) {
    const inner = bare.shape[part];
    return inner === undefined ? undefined : shapeAt(inner, rest);
  }
  if (bare instanceof z.ZodArray) return shapeAt(bare.element, rest);
  if (bare instanceof z.ZodRecord) return shapeAt(bare.valueType, rest);
  return undefined;
}

function unwrap(shape: z.core.$ZodType): z.core.$ZodType {
  if (shape instanceof z.ZodOptional || shape instanceof z.ZodNullable || shape instanceof z.ZodDefault)
    return unwrap(shape.unwrap());
  if (shape instanceof z.ZodPipe) return unwrap(shape.in);
  return shape;
}
