import { fatal } from '../errors.ts';
import type { Column } from '../schema.ts';
import { decimal, lenientValue, reasonFor } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import type { Segment } from './cut-segments.ts';
import { longestLineBytes } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import type { CsvCells } from './insert-csv.ts';
import { insertCsv } from './insert-csv.ts';
import type { InspectedFile } from './inspect-file.ts';
import { jsonCell } from './json-cell.ts';
import { createJsonColumns } from './json-paths.ts';
import { literal, pathLiteral } from './quote.ts';
import { duckdbType, isNested } from './types.ts';

/** A segment as a file that is sound by nature. */
export interface SegmentOfBytes extends InspectedFile {
  readonly longestRecord: number;
}

/** @throws fatal `too-large` for a record that no reader should hold in memory */
export function inspectSegment({ path, bytes, longestRecord }: Segment, where: string): SegmentOfBytes {
  if (longestRecord > longestRecordOfBytes)
    throw fatal('too-large', {
      where,
      what: `a row of the stream is longer than ${longestRecordOfBytes / 2 ** 20} MB`,
      todo: 'leave its large column out',
    });
  return {
    ref: { path, format: 'csv', header: false },
    where,
    bytes,
    compression: 'none',
    head: Buffer.alloc(0),
    longestRecord,
  };
}

/** A reader holds several buffers of this size. */
const longestRecordOfBytes = 64 * 2 ** 20;

/**
 * Loads a file of the canonical text that `bytes.ts` describes (csv without a header).
 *
 * @param names the schema columns in the order of its fields
 */
export function loadBytes(
  load: FileLoad & { readonly file: SegmentOfBytes },
  names: readonly string[],
): Promise<LoadedFile> {
  const { target, file } = load;
  const fields = target.columns.map((column) => ({
    column,
    field: names.find((name) => name === column.name),
  }));
  const longest = Math.max(longestLineBytes, file.longestRecord + 1);
  // A small segment fits one buffer; each thread of a large one holds some.
  const buffer = Math.min(4 * longest, Math.max(longest, file.bytes + 1));
  const reader = (types: readonly string[], more = '') => {
    const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
    return `read_csv(${pathLiteral(file.ref.path)}, auto_detect=false, columns={${columns}}, header=false, delim=',', quote='"', escape='"', nullstr=${literal('\\N')}, allow_quoted_nulls=false, strict_mode=true, compression='none', max_line_size=${longest}, buffer_size=${buffer}${more})`;
  };
  const isPlain = fields.every(({ column, field }) => field === undefined || !isNested(column));
  return insertCsv({
    ...load,
    header: names,
    matched: { fields, unknown: [] },
    skipped: 0,
    reader,
    cells: isPlain ? cells : { ...cells, strict: undefined },
  });
}

const cells: CsvCells = {
  readAs: ({ type }) => (type === 'FLOAT' ? 'DOUBLE' : 'VARCHAR'),
  strict: strictValue,
  checked({ matched, header }, from) {
    let source = from;
    const checked = matched.fields.map(({ column, field }, index) => {
      if (field === undefined) return absent(column);
      const cell = `c${header.indexOf(field)}`;
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
  },
};

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
  const fail = `error('catchment: a cell does not fit its column')`;
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
        `${hasExponent} or (contains(${cell}, '.') and length(${cell}) - instr(${cell}, '.') > 9)`,
        decimal(cell, 'cast'),
      );
    case 'BOOLEAN':
      return `case ${cell} when 't' then true when 'f' then false else case when ${cell} is not null then ${fail} end end`;
    case 'DATE':
      return unless(`length(${cell}) <> 10`);
    case 'TIME':
      return unless(`length(${cell}) not between 8 and 15`);
    case 'DATETIME':
    case 'TIMESTAMP':
      return unless(`length(${cell}) not between 19 and 26`);
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
      return when(`length(${text}) = 10`);
    case 'TIME':
      return when(`length(${text}) between 8 and 15`);
    case 'DATETIME':
    case 'TIMESTAMP':
      return when(`length(${text}) between 19 and 26`);
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
