import { fatal } from '../errors.ts';
import type { Column } from '../schema.ts';
import { lenientValue, reasonFor, strictValue } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import { csvDialect, readHeader } from './csv-header.ts';
import type { RecordForm } from './doubt/doubtful-record.ts';
import { areCellsGood, typedForm } from './doubt/typed-cells.ts';
import { lineTooLong, longestLineBytes } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { Misfit } from './file-load.ts';
import type { CsvCells } from './insert-csv.ts';
import { insertCsv } from './insert-csv.ts';
import type { InspectedFile } from './inspect-file.ts';
import { scanFile } from './inspect-file.ts';
import { hasShortLines } from './line-ends.ts';
import type { MatchedColumns } from './match-columns.ts';
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
  // Only there a load can be begun anew when it turns out that its cells need a closer look.
  const form = load.care === 'fast' ? typedForm(file, columnsOf(header, matched)) : undefined;
  const stop = new AbortController();
  const csv = {
    ...load,
    header,
    matched,
    skipped,
    reader,
    cells: form === undefined ? cells : typedCells(form),
  };
  const loading = insertCsv(csv).then(
    (loaded) => ({ loaded }),
    (error: unknown) => {
      stop.abort();
      return { error };
    },
  );
  const searching = form === undefined ? true : searchCells(load, form, stop.signal);
  const [damage, isGood, result] = await Promise.all([scanning, searching, loading]);
  if (damage !== undefined) throw damage;
  if (!isGood) throw new Misfit(file.ref.path, 'error' in result ? result.error : undefined);
  if ('error' in result) throw result.error;
  return result.loaded;
}

/** For each cell of a record the one column that takes it. */
function columnsOf(header: readonly string[], { fields }: MatchedColumns): (Column | undefined)[] {
  return header.map((name) => {
    const [first, ...others] = fields.filter(({ field }) => field === name);
    return others.length === 0 ? first?.column : undefined;
  });
}

/** False, and the load ends early, when a cell does not fit its column. */
async function searchCells(
  { file, connection }: FileLoad,
  form: RecordForm,
  signal: AbortSignal,
): Promise<boolean> {
  const isGood = await areCellsGood(file, form, signal).catch(() => false);
  // The load has failed by itself.
  if (signal.aborted) return true;
  if (!isGood) connection.interrupt();
  return isGood;
}

const cells: CsvCells = {
  readAs: ({ type }) => (type === 'FLOAT' ? 'DOUBLE' : 'VARCHAR'),
  strict: strictCell,
  checked: ({ matched, header }, from) => ({
    from,
    cells: matched.fields.map(({ column, field }) =>
      checkedCell(column, field === undefined ? undefined : `c${header.indexOf(field)}`),
    ),
  }),
};

function strictCell(column: Column, cell: string): string {
  return column.type === 'FLOAT'
    ? `case when ${cell} is null or isfinite(${cell}) then ${cell} else error('catchment: not finite') end`
    : strictValue(column, cell);
}

/** While the search of `doubt/` finds what DuckDB's reader takes too much of. */
function typedCells({ columns }: RecordForm): CsvCells {
  const isTyped = (column: Column) => columns.includes(column);
  return {
    ...cells,
    readAs: (column) => (isTyped(column) ? duckdbType(column) : cells.readAs(column)),
    strict: (column, cell) => (isTyped(column) ? cell : strictCell(column, cell)),
  };
}

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
