import type { WatermarkRange } from '../core/cursor.ts';
import { fatal } from '../core/errors.ts';
import type { Column } from '../core/schema.ts';
import type { CollectionOptions, Settings } from './source.ts';

/** Where a query runs and what it reads, as the API wants both. */
export interface Target {
  /** `projects/p/databases/d/documents`, with the parent document behind it. */
  readonly parent: string;
  readonly from: readonly { readonly collectionId: string; readonly allDescendants?: true }[];
}

export function targetOf({ project, database }: Settings, { collection, group }: CollectionOptions): Target {
  const root = `projects/${project}/databases/${database}/documents`;
  const cut = collection.lastIndexOf('/');
  const collectionId = collection.slice(cut + 1);
  if (group && cut !== -1)
    throw fatal('bad-input', {
      what: 'a collection group is named by its id alone',
      got: collection,
      allowed: collectionId,
      todo: 'correct collection of the table in the stack file',
    });
  return {
    parent: cut === -1 ? root : `${root}/${collection.slice(0, cut)}`,
    from: [group ? { collectionId, allDescendants: true } : { collectionId }],
  };
}

/** The field of a watermark, as a query names it: a name with other characters stands in backticks. */
export function fieldPath(column: Column): string {
  const name = column.sourceName ?? column.name;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? name
    : `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The part of a range that lies within its bounds; undefined for all documents, also those without the field. */
export function filterOf(column: Column, { from, to, isOpen }: WatermarkRange): object | undefined {
  if (from === undefined || to === undefined) return undefined;
  const field = { fieldPath: fieldPath(column) };
  const filter = (op: string, value: string) => ({
    fieldFilter: { field, op, value: watermarkValue(column, value) },
  });
  const upper = filter(isOpen === true ? 'LESS_THAN' : 'LESS_THAN_OR_EQUAL', to);
  return {
    compositeFilter: { op: 'AND', filters: [filter('GREATER_THAN_OR_EQUAL', from), upper] },
  };
}

/** A watermark in its canonical text (see `bytes.ts`) as a value of the API. */
export function watermarkValue(column: Column, text: string): object {
  switch (column.type) {
    case 'INTEGER':
      return { integerValue: text };
    case 'TIMESTAMP':
      return { timestampValue: `${text.replace(' ', 'T')}Z` };
    case 'DATE':
      return { stringValue: text };
    default:
      throw fatal('bad-schema', {
        what: `the column "${column.name}" cannot be a watermark`,
        got: column.type,
        allowed: ['INTEGER', 'TIMESTAMP', 'DATE (text such as 2026-01-31)'],
      });
  }
}

/** A value of the watermark's field in its canonical text; undefined when the document holds another kind. */
export function watermarkText(column: Column, value: unknown): string | undefined {
  if (column.type === 'INTEGER') return typeof value === 'bigint' ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (column.type === 'DATE') return /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\d*Z$/.exec(value);
  return match === null ? undefined : `${match[1]} ${match[2]}`;
}
