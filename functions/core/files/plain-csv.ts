import type { FileRef } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import { csvDialect, readFirstLine } from './csv-header.ts';
import { inspectFile, withoutBom } from './inspect-file.ts';
import type { Years } from './look/cell-kind.ts';
import { cellKind } from './look/cell-kind.ts';
import type { CellTaker } from './look/cell-taker.ts';
import { createLook } from './look/csv-look.ts';
import { isExpected } from './match-columns.ts';
import { readChunks } from './read-chunks.ts';

/** A CSV file that a warehouse may read by itself, as long as no cell of it is `NotPlain`. */
export interface PlainCsv {
  readonly ref: FileRef;
  /** The schema's columns in the order of the file. */
  readonly columns: readonly Column[];
  /** One byte each. */
  readonly delimiter: string;
  readonly quote: string;
  readonly hasHeader: boolean;
  readonly size: number;
  /** The bytes of the file, each looked at before it is handed on, valid until the next chunk is asked for. Throws `NotPlain`. */
  chunks(taker?: CellTaker): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Looks at the beginning of a file: UTF-8 CSV, not packed, whose header names columns of the schema and no others. Undefined
 * when it is not so.
 *
 * @param years that the warehouse can hold
 * @throws fatal `bad-file` for a file that is not there
 */
export async function plainCsv(
  { columns: wanted, key, name: where }: Pick<TableTarget, 'columns' | 'key' | 'name'>,
  ref: FileRef,
  years?: Years,
): Promise<PlainCsv | undefined> {
  const isPlain =
    ref.format === 'csv' &&
    (ref.encoding ?? 'utf-8') === 'utf-8' &&
    (ref.nullMarker ?? '') === '' &&
    (ref.compression ?? 'none') === 'none' &&
    !/\.(gz|zst)$/i.test(ref.path);
  if (!isPlain) return undefined;
  const file = await inspectFile(ref, where);
  const { delimiter, quote } = csvDialect(file);
  const hasHeader = ref.header !== false;
  const hasBom = file.head.length !== withoutBom(file.head).length;
  const isByte = (text: string) => text.length === 1 && text < '\x80';
  if (hasBom || !isByte(delimiter) || !isByte(quote)) return undefined;
  const columns = columnsOf(wanted, key, hasHeader ? readFirstLine(file) : undefined);
  const kinds = columns?.map((column) => cellKind(column, years?.isShortTime));
  if (columns === undefined || kinds === undefined || !kinds.every((kind) => kind !== undefined))
    return undefined;
  const scan = {
    kinds,
    years,
    required: columns.map(({ mode }) => mode === 'REQUIRED'),
    delimiter,
    quote,
    hasHeader,
  };
  return {
    ...{ ref, columns, delimiter, quote, hasHeader, size: file.bytes },
    async *chunks(taker) {
      const look = createLook(scan, taker);
      for await (const chunk of readChunks(ref.path)) {
        look.at(chunk);
        yield chunk;
      }
      look.end();
    },
  };
}

/** Undefined when the file has columns of its own, lacks a required one or has just one: an empty line is a row then. */
function columnsOf(
  columns: readonly Column[],
  key: readonly string[],
  header: readonly string[] | undefined,
): readonly Column[] | undefined {
  const nameOf = (column: Column) => column.sourceName ?? column.name;
  const names = header ?? columns.map(nameOf);
  const found = names.map((name) => columns.find((column) => nameOf(column) === name));
  const isWhole = columns.every((column) => !isExpected(column, key) || names.includes(nameOf(column)));
  const isFit = isWhole && names.length > 1 && new Set(names).size === names.length;
  return isFit && found.every((column) => column !== undefined) ? found : undefined;
}
