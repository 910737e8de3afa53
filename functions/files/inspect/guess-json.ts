import { nameColumns } from '../../core/column-names.ts';
import type { Column } from '../../core/schema.ts';
import { guessText } from './guess-text.ts';

/** More fields than this are keys of a map, not columns. */
const mostFields = 200;

/** Columns of JSON records: all fields of all records, in the order in which they first occur. */
export function guessRecords(records: readonly Readonly<Record<string, unknown>>[]): {
  readonly columns: readonly Column[];
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  return { columns: columnsOf(records, warnings), warnings };
}

function columnsOf(
  records: readonly Readonly<Record<string, unknown>>[],
  warnings: string[],
): readonly Column[] {
  const fields = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const names = nameColumns(fields);
  return fields.map((field, index) => {
    const name = names[index] ?? field;
    const values = records
      .map((record) => record[field])
      .filter((value) => value !== null && value !== undefined);
    return {
      name,
      ...(name !== field && { sourceName: field }),
      ...shapeOf(name, values, warnings),
    };
  });
}

function shapeOf(
  name: string,
  values: readonly unknown[],
  warnings: string[],
): Pick<Column, 'type' | 'mode' | 'fields' | 'format'> {
  if (values.length === 0) {
    warnings.push(`column "${name}" is empty in the part that was read`);
    return { type: 'STRING', mode: 'NULLABLE' };
  }
  if (values.every(Array.isArray)) {
    const items = (values as readonly unknown[][]).flat();
    // A repeated column has no NULLs and no lists inside.
    if (items.length === 0 || items.some((item) => item === null || Array.isArray(item)))
      return { type: 'JSON', mode: 'NULLABLE' };
    const inner = scalarOf(name, items, warnings);
    return inner.type === 'JSON' ? { type: 'JSON', mode: 'NULLABLE' } : { ...inner, mode: 'REPEATED' };
  }
  return { ...scalarOf(name, values, warnings), mode: 'NULLABLE' };
}

function scalarOf(
  name: string,
  values: readonly unknown[],
  warnings: string[],
): Pick<Column, 'type' | 'fields' | 'format'> {
  const is = (kind: string) => values.every((value) => typeof value === kind);
  if (is('boolean')) return { type: 'BOOLEAN' };
  if (is('string')) {
    const { column, warning } = guessText(name, values as readonly string[]);
    if (warning !== undefined) warnings.push(warning);
    // Digits in quotes were put there on purpose.
    return ['INTEGER', 'FLOAT', 'BOOLEAN'].includes(column.type) ? { type: 'STRING' } : column;
  }
  if (values.every((value) => typeof value === 'number' || typeof value === 'bigint')) {
    const isWhole = values.every((value) => typeof value === 'bigint' || Number.isInteger(value));
    return { type: isWhole ? 'INTEGER' : 'FLOAT' };
  }
  if (values.every((value) => typeof value === 'object' && !Array.isArray(value))) {
    const records = values as readonly Readonly<Record<string, unknown>>[];
    const count = new Set(records.flatMap((record) => Object.keys(record))).size;
    if (count > 0 && count <= mostFields) return { type: 'RECORD', fields: columnsOf(records, warnings) };
  }
  return { type: 'JSON' };
}
