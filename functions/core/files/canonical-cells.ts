import type { ExactColumns } from '../bytes.ts';
import type { Column } from '../schema.ts';
import { decimal, isYearZero, lenientValue, reasonFor } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import { exactCell, failure } from './exact-cell.ts';
import type { Csv, CsvCells } from './insert-csv.ts';
import { jsonCell } from './json-cell.ts';
import { createJsonColumns } from './json-paths.ts';
import type { TextFormat } from './text-cells.ts';
import { textOf } from './text-cells.ts';
import { duckdbType, isNested } from './types.ts';

/** How cells in the canonical text of `bytes.ts` become values. */
export function canonicalCells(format: TextFormat, exact: ExactColumns): CsvCells {
  const exactOf = (column: Column) => exactCell(column, exact[column.name]);
  return {
    readAs: (column) => exactOf(column)?.readAs ?? (column.type === 'FLOAT' ? 'DOUBLE' : 'VARCHAR'),
    strict(column, cell) {
      return exactOf(column)?.value(cell) ?? strictValue(column, meant(format, column, cell));
    },
    checked: (csv, from) => checkedCells(format, csv, from),
  };
}

/** SQL of a cell's text, whose escapes matter only where a text may have them. */
function meant(format: TextFormat, column: Column, cell: string): string {
  const isText = isNested(column) || column.type === 'STRING' || column.type === 'JSON';
  return isText ? textOf(format, cell) : cell;
}

function checkedCells(
  format: TextFormat,
  { matched, header }: Csv,
  from: string,
): { readonly cells: readonly CheckedCell[]; readonly from: string } {
  let source = from;
  const checked = matched.fields.map(({ column, field }, index) => {
    if (field === undefined) return absent(column);
    const cell = meant(format, column, `c${header.indexOf(field)}`);
    if (!isNested(column)) return scalarCell(column, cell);
    const values = createJsonColumns(
      `(case when json_valid(${cell}) then ${cell}::json end)`,
      `json_${index}`,
    );
    const nested = jsonCell(column, values.read, []);
    source = values.columns(source);
    const isBroken = `${cell} is not null and not json_valid(${cell})`;
    const broken = { path: column.name, when: isBroken, reason: 'is not JSON', shown: cell };
    return { ...nested, flaws: [broken, ...nested.flaws] };
  });
  return { cells: checked, from: source };
}

function absent(column: Column): CheckedCell {
  const value = column.mode === 'REPEATED' ? '[]' : 'null';
  return { column, value: `${value}::${duckdbType(column)}`, flaws: [] };
}

function scalarCell(column: Column, cell: string): CheckedCell {
  const value = canonicalValue(column, cell);
  const path = column.name;
  const flaws = [
    {
      path,
      when: `${cell} is not null and (${value}) is null`,
      reason: canonicalReason(column),
      shown: cell,
    },
  ];
  if (column.mode === 'REQUIRED')
    flaws.unshift({ path, when: `${cell} is null`, reason: 'is required and missing', shown: 'null' });
  return { column, value, flaws };
}

/** Checks that need no regular expression and look at each cell once: most cells are good. */
function strictValue(column: Column, cell: string): string {
  const type = duckdbType(column);
  const fail = failure;
  const unless = (flaw: string, value = `${cell}::${type}`) =>
    `case when ${flaw} then ${fail} else ${value} end`;
  const hasExponent = `contains(${cell}, 'e') or contains(${cell}, 'E')`;
  switch (column.type) {
    case 'STRING':
    case 'FLOAT':
      // The reader has made a DOUBLE of it, which may be NaN or infinite here.
      return cell;
    case 'INTEGER':
      return unless(`contains(${cell}, '.') or ${hasExponent}`);
    case 'NUMERIC':
      return unless(
        `${hasExponent} or (contains(${cell}, '.') and strlen(${cell}) - instr(${cell}, '.') > 9)`,
        decimal(cell, 'cast'),
      );
    case 'BOOLEAN':
      return `case ${cell} when 't' then true when 'f' then false else case when ${cell} is not null then ${fail} end end`;
    case 'DATE':
      return unless(`strlen(${cell}) <> 10 or ${isYearZero(cell)}`);
    case 'TIME':
      return unless(`strlen(${cell}) not between 8 and 15`);
    case 'DATETIME':
    case 'TIMESTAMP':
      return unless(`strlen(${cell}) not between 19 and 26 or ${isYearZero(cell)}`);
    case 'BYTES':
      return `unhex(${cell})`;
    case 'JSON':
      return `${cell}::json`;
    default:
      return `case when ${cell} is null then null else coalesce(${canonicalValue(column, cell)}, ${fail}) end`;
  }
}

/** SQL of the value of a canonical text; NULL for one that does not fit. */
function canonicalValue(column: Column, text: string): string {
  const type = duckdbType(column);
  const cast = `try_cast(${text} as ${type})`;
  const when = (condition: string, value = cast) => `case when ${condition} then ${value} end`;
  switch (column.type) {
    case 'INTEGER':
      return when(`not contains(${text}, '.') and not contains(${text}, 'e')`);
    case 'FLOAT':
      return cast;
    case 'BOOLEAN':
      return `case ${text} when 't' then true when 'f' then false end`;
    case 'DATE':
      return when(`strlen(${text}) = 10 and not ${isYearZero(text)}`);
    case 'TIME':
      return when(`strlen(${text}) between 8 and 15`);
    case 'DATETIME':
    case 'TIMESTAMP':
      return when(`strlen(${text}) between 19 and 26 and not ${isYearZero(text)}`);
    case 'BYTES':
      return `try(unhex(${text}))`;
    default:
      return lenientValue({ ...column, format: undefined }, text);
  }
}

function canonicalReason(column: Column): string {
  if (column.type === 'BOOLEAN') return 'is not t or f';
  if (column.type === 'BYTES') return 'is not hexadecimal digits';
  return reasonFor({ ...column, format: undefined });
}
