import type { ByteFormat, ByteStream, ExactColumns } from '../../bytes.ts';
import { stringifyJson } from '../../http/json.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';

/** The canonical text of a canonical value (see `ColumnBatch`), as `bytes.ts` says; null for NULL. */
export function canonicalText(value: unknown, column: Column): string | null {
  if (value === null || value === undefined) return null;
  if (column.mode === 'REPEATED' || column.type === 'RECORD')
    return stringifyJson(jsonValue(value, column)) ?? null;
  switch (column.type) {
    case 'BOOLEAN':
      return value === true ? 't' : 'f';
    case 'TIMESTAMP':
      return momentText(value as bigint);
    case 'BYTES':
      return Buffer.from(value as Uint8Array).toString('hex');
    default:
      return String(value);
  }
}

/** A value inside JSON: as `bytes.ts` says. */
function jsonValue(value: unknown, column: Column): unknown {
  if (value === null || value === undefined) return null;
  if (column.mode === 'REPEATED')
    return (value as unknown[]).map((item) => jsonValue(item, { ...column, mode: 'NULLABLE' }));
  if (column.type === 'RECORD') {
    const record = value as Record<string, unknown>;
    return Object.fromEntries(
      (column.fields ?? []).map((field) => [field.name, jsonValue(record[field.name], field)]),
    );
  }
  if (column.type === 'JSON')
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
  if (column.type === 'BYTES') return Buffer.from(value as Uint8Array).toString('base64');
  if (column.type === 'BOOLEAN' || column.type === 'INTEGER' || column.type === 'FLOAT') return value;
  return canonicalText(value, column);
}

/** Microseconds since 1970 as a moment in UTC. */
export function momentText(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const fraction = micros - seconds * 1_000_000n;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return fraction === 0n ? text : `${text}.${String(fraction).padStart(6, '0')}`;
}

const writers: Readonly<Record<'csv' | 'tsv', (cells: readonly (string | null)[]) => string>> = {
  csv: (cells) =>
    cells
      .map((cell) => {
        if (cell === null) return '\\N';
        return cell === '\\N' || /[",\r\n]/.test(cell) || cell === '\\.'
          ? `"${cell.replaceAll('"', '""')}"`
          : cell;
      })
      .join(','),
  tsv: (cells) =>
    cells
      .map((cell) =>
        cell === null ? '\\N' : cell.replaceAll(/[\\\t\n\r]/g, (found) => escapes[found] ?? found),
      )
      .join('\t'),
};

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Rows as bytes: one text per cell, NULL for null. */
export function textOf(format: 'csv' | 'tsv', rows: readonly (readonly (string | null)[])[]): Buffer {
  return Buffer.from(rows.map((cells) => `${writers[format](cells)}\n`).join(''));
}

export interface StreamOptions {
  /** @default ["csv", "tsv"] */
  readonly formats?: readonly ByteFormat[];
  /** See `ByteStream`. @default none */
  readonly exact?: ExactColumns | undefined;
  /** Rows that the source counted. @default as many as there are; null for none told */
  readonly announced?: number | null;
  /** Breaks off after this many bytes. */
  readonly breakAfter?: number;
  /** Sizes of the chunks, by turns. @default 1, 2, 3, 5, 7, 64, 1000 */
  readonly sizes?: readonly number[];
}

/** A stream of rows that are given as canonical text. */
export function streamOf(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  {
    formats = ['csv', 'tsv'],
    exact,
    announced = rows.length,
    breakAfter,
    sizes = [1, 2, 3, 5, 7, 64, 1000],
  }: StreamOptions = {},
): ByteStream {
  return {
    formats,
    columns,
    exact,
    open(format) {
      if (!formats.includes(format) || format === 'pgcopy') throw new Error(`cannot write ${format}`);
      const bytes = textOf(format, rows);
      let isAtEnd = false;
      return {
        chunks: (async function* () {
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            if (breakAfter !== undefined && at >= breakAfter) throw new Error('connection reset by peer');
            const end = at + (sizes[turn % sizes.length] ?? 1);
            yield bytes.subarray(at, end);
            at = end;
          }
          isAtEnd = true;
        })(),
        rows: () => (isAtEnd ? (announced ?? undefined) : undefined),
      };
    },
  };
}

/** A stream of rows that were checked already, of the columns named. */
export function streamOfBatch(
  columns: readonly Column[],
  { rows, values }: ColumnBatch,
  options: StreamOptions & { readonly only?: readonly string[] } = {},
): ByteStream {
  const taken = columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => options.only?.includes(column.name) ?? true);
  const cells = Array.from({ length: rows }, (_, row) =>
    taken.map(({ column, index }) => canonicalText(values[index]?.[row], column)),
  );
  return streamOf(
    taken.map(({ column }) => column.name),
    cells,
    options,
  );
}
