import type { FileRef } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import { inspectFile } from './inspect-file.ts';
import type { Years } from './look/cell-kind.ts';
import { cellKind, cellKinds } from './look/cell-kind.ts';
import type { LookField, OnRecord } from './look/line-look.ts';
import { createLineLook } from './look/line-look.ts';
import { readChunks } from './read-chunks.ts';

/** A JSON Lines file that a warehouse may read by itself, as long as no record of it is `NotPlain`. */
export interface PlainLines {
  readonly ref: FileRef;
  /** All columns of the schema, with the names of their fields. A record may lack those that are not REQUIRED. */
  readonly columns: readonly Column[];
  readonly names: readonly string[];
  readonly fields: readonly LookField[];
  readonly size: number;
  /**
   * The bytes of the file, each looked at before it is handed on, valid until the next chunk is asked for. Throws `NotPlain`.
   *
   * @param onRecord gets each record of a chunk before the chunk is handed on, the last of all behind the last chunk
   */
  chunks(onRecord?: OnRecord): AsyncGenerator<Uint8Array, void, undefined>;
  /** Looks at all of it, or until it is no use any more. Throws `NotPlain`. @returns names of the fields that records have */
  look(signal?: AbortSignal): Promise<readonly string[]>;
}

/**
 * Looks at what a file is said to be: JSON Lines, not packed, for a schema of plain columns. Undefined when it is not so.
 *
 * @param years that the warehouse can hold
 * @throws fatal `bad-file` for a file that is not there
 */
export async function plainLines(
  { columns, key, name: where }: Pick<TableTarget, 'columns' | 'key' | 'name'>,
  ref: FileRef,
  years?: Years,
): Promise<PlainLines | undefined> {
  const isPlain =
    ref.format === 'ndjson' &&
    ref.records === undefined &&
    (ref.compression ?? 'none') === 'none' &&
    !/\.(gz|zst)$/i.test(ref.path);
  if (!isPlain) return undefined;
  const names = columns.map(({ name, sourceName }) => sourceName ?? name);
  const kinds = columns.map((column) => fieldKind(column, years));
  // Of names in two ways of writing only a close look tells which one a field means.
  const isClear =
    new Set(names.map((name) => name.toLowerCase())).size === names.length &&
    names.every((name) => /^\w+$/.test(name));
  if (!isClear || !kinds.every((kind) => kind !== undefined)) return undefined;
  const file = await inspectFile(ref, where);
  const fields = columns.map(({ name, mode }, index) => ({
    name: names[index] ?? '',
    kind: kinds[index] ?? cellKinds.text,
    isRequired: mode === 'REQUIRED',
    isExpected: key.includes(name),
  }));
  return {
    ...{ ref, columns, names, fields, size: file.bytes },
    async *chunks(onRecord) {
      const look = createLineLook(fields, years, onRecord);
      for await (const chunk of readChunks(ref.path)) {
        look.at(chunk);
        yield chunk;
      }
      look.end();
    },
    async look(signal) {
      const look = createLineLook(fields, years);
      for await (const chunk of readChunks(ref.path)) {
        if (signal?.aborted === true) return [];
        look.at(chunk);
      }
      look.end();
      return look.seen();
    },
  };
}

/** Undefined for a type that is always looked at closely; JSON may hold a number of 39 digits or a text of them. */
function fieldKind(column: Column, years: Years | undefined): number | undefined {
  return column.type === 'BIGNUMERIC' ? undefined : cellKind(column, years?.isShortTime);
}
