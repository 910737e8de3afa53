import { z } from 'zod';
import { momentText as plainText } from '../../rows/json-text.ts';

/** A column of a result, as BigQuery describes it. */
export interface ResultField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string | undefined;
  readonly fields?: readonly ResultField[] | undefined;
}

export const resultField: z.ZodType<ResultField> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mode: z.string().optional(),
    fields: z.array(resultField).optional(),
  }),
);

/** A cell `{ v }` and a row `{ f: [{ v }] }`, which records are too. */
export const resultRow = z.object({ f: z.array(z.object({ v: z.unknown() })) });

/**
 * A cell as a JSON-ready value: INTEGER a number, or text beyond 2^53; FLOAT a number, NaN and infinities text; BOOLEAN
 * a boolean; DATETIME `YYYY-MM-DD HH:MM:SS[.ffffff]`; TIMESTAMP the same with `+00`; BYTES base64; RECORD an object; REPEATED a list; all else text.
 */
export function readCell(field: ResultField, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (field.mode === 'REPEATED') {
    const item = { ...field, mode: 'NULLABLE' };
    return (value as readonly { readonly v: unknown }[]).map(({ v }) => readCell(item, v));
  }
  const text = String(value);
  switch (field.type) {
    case 'INTEGER':
    case 'INT64': {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : text;
    }
    case 'FLOAT':
    case 'FLOAT64': {
      const number = Number(text);
      return Number.isFinite(number) ? number : text;
    }
    case 'BOOLEAN':
    case 'BOOL':
      return text === 'true';
    case 'DATETIME':
      return text.replace('T', ' ');
    case 'TIMESTAMP':
      return momentText(BigInt(text));
    case 'RECORD':
    case 'STRUCT': {
      const cells = resultRow.parse(value).f;
      const fields = field.fields ?? [];
      return Object.fromEntries(fields.map((inner, index) => [inner.name, readCell(inner, cells[index]?.v)]));
    }
    default:
      return text;
  }
}

/** Microseconds since 1970 as text in UTC, as the embedded warehouse writes it: with its zone, without zeros at the end. */
export function momentText(micros: bigint): string {
  return `${plainText(micros).replace(/(\.\d*?)0+$/, '$1')}+00`;
}
