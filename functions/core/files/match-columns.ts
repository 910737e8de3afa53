import { fatal } from '../errors.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import type { InspectedFile } from './inspect-file.ts';

export interface MatchedColumns {
  /** The file's name of each schema column, in the schema's order; undefined where the file has none. */
  readonly fields: readonly { readonly column: Column; readonly field: string | undefined }[];
  /** Names of the file that no schema column takes. */
  readonly unknown: readonly string[];
}

/**
 * Finds each schema column in a file: by `sourceName`, else by name; as it is written, else without regard to case.
 *
 * @throws fatal `bad-file` when the file lacks a REQUIRED or a key column, or has none of the columns at all
 */
export function matchColumns(
  target: TableTarget,
  names: readonly string[],
  file: InspectedFile,
): MatchedColumns {
  const fields = target.columns.map((column) => ({ column, field: findField(column, names) }));
  const taken = new Set(fields.map(({ field }) => field));
  const refuse = (what: string, todo: string) => {
    // Not `bad-schema`, which ends a run: the other files may be as the schema says.
    throw fatal('bad-file', { where: file.where, what, got: names.slice(0, 50), todo });
  };
  if (taken.size === 1 && taken.has(undefined))
    refuse(
      `${file.ref.path} has none of the columns of schemas/${target.schema}.json`,
      file.ref.format === 'csv'
        ? 'set "delimiter" or "header" of the table, or correct the schema file'
        : 'set "records" of the table to the field that holds the records, or correct the schema file',
    );
  for (const { column, field } of fields) {
    if (field === undefined && isExpected(column, target.key))
      refuse(
        `${file.ref.path} lacks the column "${column.sourceName ?? column.name}", which is ${
          column.mode === 'REQUIRED' ? 'REQUIRED' : 'part of the key'
        }`,
        `correct the file, or schemas/${target.schema}.json ("sourceName" is the name in the file)`,
      );
  }
  return { fields, unknown: names.filter((name) => !taken.has(name)) };
}

/** True for a column that no file may lack. */
export function isExpected({ name, mode }: Column, key: readonly string[]): boolean {
  return mode === 'REQUIRED' || key.includes(name);
}

function findField({ name, sourceName }: Column, names: readonly string[]): string | undefined {
  const wanted = sourceName === undefined ? [name] : [sourceName, name];
  for (const want of wanted) if (names.includes(want)) return want;
  for (const want of wanted) {
    const found = names.filter((candidate) => candidate.toLowerCase() === want.toLowerCase());
    if (found.length === 1) return found[0];
  }
  return undefined;
}
