import { VendorError } from './answer.ts';
import { type Day, dayNumber, dayText } from './day.ts';

/** Query parameters, each read the way the vendor reads it: strict, and wrong ones are code 40002. */
export interface Params {
  text(name: string): string | undefined;
  required(name: string): string;
  /** A JSON array of texts inside one parameter. */
  texts(name: string): readonly string[] | undefined;
  json(name: string): unknown;
  oneOf(name: string, allowed: readonly string[], otherwise?: string): string;
  day(name: string): Day;
  page(): { readonly page: number; readonly pageSize: number };
}

export function createParams(query: Readonly<Record<string, string>>, pageCap = 1000): Params {
  const text = (name: string) => query[name];

  const required = (name: string) => {
    const value = query[name];
    if (value === undefined || value === '')
      throw new VendorError(40002, `${name}: Missing data for required field.`);
    return value;
  };

  const json = (name: string): unknown => {
    const value = query[name];
    if (value === undefined) return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw new VendorError(40002, `${name}: Not a valid JSON value.`);
    }
  };

  const integer = (name: string, otherwise: number, most: number) => {
    const value = query[name] ?? String(otherwise);
    if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > most)
      throw new VendorError(40002, `${name}: Must be between 1 and ${most}.`);
    return Number(value);
  };

  return {
    text,
    required,
    json,
    texts(name) {
      const value = json(name);
      if (value === undefined) return undefined;
      if (!isTexts(value)) throw new VendorError(40002, `${name}: Not a valid list of strings.`);
      return value;
    },
    oneOf(name, allowed, otherwise) {
      const value = otherwise === undefined ? required(name) : (query[name] ?? otherwise);
      if (!allowed.includes(value))
        throw new VendorError(40002, `${name}: Must be one of ${allowed.join(', ')}.`);
      return value;
    },
    day(name) {
      const value = required(name);
      const day = dayNumber(value);
      if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(day) || dayText(day) !== value)
        throw new VendorError(40002, `${name}: Not a valid date, YYYY-MM-DD is expected.`);
      return day;
    },
    page() {
      const page = integer('page', 1, Number.MAX_SAFE_INTEGER);
      return { page, pageSize: Math.min(integer('page_size', 10, 1000), pageCap) };
    },
  };
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
