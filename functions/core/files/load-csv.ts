import { fatal } from '../errors.ts';
import type { Column } from '../schema.ts';
import { lenientValue, reasonFor, strictValue } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import { csvDialect, readHeader } from './csv-header.ts';
import { lineTooLong, longestLineBytes } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import type { CsvCells } from './insert-csv.ts';
import { insertCsv } from './insert-csv.ts';
import type { InspectedFile } from './inspect-file.ts';
import { scanFile } from './inspect-file.ts';
import { hasShortLines } from './line-ends.ts';
import { matchColumns } from './match-columns.ts';
import { literal, pathLiteral } from './quote.ts';
import { duckdbType } from './types.ts';

/** Loads a CSV file: straight into its columns; and when a row does not fit, cell by cell. */
export async function loadCsv(load: FileLoad): Promise<LoadedFile> {
  const { file, target } = load;
  const header = readHeader(
    file,
    target.columns.map(({ name }) => name),
  );
  const matched = matchColumns(target, header, file);
  for (const { column, field } of matched.fields) {
    if (field !== undefined && (column.type === 'RECORD' || column.mode === 'REPEATED'))
      throw fatal('bad-file', {
        where: file.where,
        what: `column "${column.name}" is a ${column.mode === 'REPEATED' ? 'list' : 'RECORD'}, which a CSV file cannot hold`,
        got: file.ref.path,
        todo: `make it JSON in schemas/${target.schema}.json, or deliver JSON or Parquet`,
      });
  }
  // Both at once: DuckDB trusts a truncated archive, and may lose a line that does not fit its buffer.
  const scanning = checkLines(file).then(
    () => undefined,
    (error: unknown) => error,
  );
  const skipped = (file.ref.header ?? true) ? 1 : 0;
  const reader = (types: readonly string[], more = '') => readCsv(file, types, more);
  const loading = insertCsv({ ...load, header, matched, skipped, reader, cells }).then(
    (loaded) => ({ loaded }),
    (error: unknown) => ({ error }),
  );
  const [damage, result] = await Promise.all([scanning, loading]);
  if (damage !== undefined) throw damage;
  if ('error' in result) throw result.error;
  return result.loaded;
}

const cells: CsvCells = {
  readAs: ({ type }) => (type === 'FLOAT' ? 'DOUBLE' : 'VARCHAR'),
  strict: (column, cell) =>
    column.type === 'FLOAT'
      ? `case when ${cell} is null or isfinite(${cell}) then ${cell} else error('catchment: not finite') end`
      : strictValue(column, cell),
  checked: ({ matched, header }, from) => ({
    from,
    cells: matched.fields.map(({ column, field }) =>
      checkedCell(column, field === undefined ? undefined : `c${header.indexOf(field)}`),
    ),
  }),
};

async function checkLines(file: InspectedFile): Promise<void> {
  const { ref, compression } = file;
  // What cannot be read so is told by the look at all of it.
  if (compression === 'none' && (await hasShortLines(ref.path, longestLineBytes).catch(() => false))) return;
  const { longestLine } = await scanFile(file);
  if (longestLine > longestLineBytes) throw lineTooLong(file);
}

function checkedCell(column: Column, cell: string | undefined): CheckedCell {
  if (cell === undefined) return { column, value: `null::${duckdbType(column)}`, flaws: [] };
  // An empty quoted cell is an empty text, and nothing for any other type.
  const text = column.type === 'STRING' ? cell : `nullif(${cell}, '')`;
  const value = lenientValue(column, text);
  const path = column.name;
  const flaws = [
    { path, when: `${text} is not null and (${value}) is null`, reason: reasonFor(column), shown: cell },
  ];
  if (column.mode === 'REQUIRED')
    flaws.unshift({ path, when: `${text} is null`, reason: 'is required and missing', shown: 'null' });
  return { column, value, flaws };
}

function readCsv(file: InspectedFile, types: readonly string[], more = ''): string {
  const { ref, compression } = file;
  const { delimiter, quote } = csvDialect(file);
  const nulls = ['', ...(ref.nullMarker === undefined ? [] : [ref.nullMarker])];
  const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
  return `read_csv(${pathLiteral(ref.path)}, auto_detect=false, columns={${columns}}, header=${ref.header ?? true}, delim=${literal(delimiter)}, quote=${literal(quote)}, escape=${literal(quote)}, nullstr=[${nulls.map(literal).join(', ')}], allow_quoted_nulls=false, strict_mode=true, compression='${compression}', encoding='${ref.encoding ?? 'utf-8'}', max_line_size=${longestLineBytes}, buffer_size=32000000${more})`;
}
