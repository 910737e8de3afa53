import type { FoundTable, TableDescription } from '../../functions/core/inspect.ts';
import { formatCount, formatMegabytes, formatPlural } from './numbers.ts';
import { resultLines } from './result.ts';
import { renderTable } from './table.ts';

/** The tables of a source. */
export function tableLines(tables: readonly FoundTable[], width: number): readonly string[] {
  if (tables.length === 0) return ['the source shows no table to this user'];
  const { lines } = renderTable({
    columns: [
      { title: 'name' },
      { title: 'kind' },
      { title: 'rows', align: 'right' },
      { title: 'MB', align: 'right' },
    ],
    rows: tables.map(({ name, kind, rows, bytes }) => [
      name,
      kind,
      rows === undefined ? '' : formatCount(rows),
      bytes === undefined ? '' : formatMegabytes(bytes),
    ]),
    width,
  });
  return lines;
}

/** Columns, row count, first rows and warnings of one table. */
export function descriptionLines(
  name: string,
  { columns, key, rows, isEstimate, sample, warnings }: TableDescription,
  width: number,
): readonly string[] {
  const about = isEstimate === true ? 'about ' : '';
  const count = rows === undefined ? 'rows not counted' : `${about}${formatPlural(rows, 'row')}`;
  const keyed = key.length === 0 ? 'no key' : `key ${key.join(', ')}`;
  const { lines } = renderTable({
    columns: [{ title: 'column' }, { title: 'type' }, { title: 'mode' }, { title: 'in the source' }],
    rows: columns.map(({ column, sourceType }) => [
      column.name,
      column.type,
      column.mode,
      column.sourceName === undefined ? sourceType : `"${column.sourceName}" ${sourceType}`,
    ]),
    width,
  });
  const names = columns.map(({ column }) => column.name);
  const first = sample.length === 0 ? [] : ['', ...resultLines({ columns: names, rows: sample }, width)];
  const told = warnings.length === 0 ? [] : ['', ...warnings.map((warning) => `note: ${warning}`)];
  return [
    `${name}: ${count}, ${formatPlural(columns.length, 'column')}, ${keyed}`,
    '',
    ...lines,
    ...first,
    ...told,
  ];
}
