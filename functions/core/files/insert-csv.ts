import type { Quarantined } from '../rows/check.ts';
import { mask } from '../rows/mask.ts';
import type { Column } from '../schema.ts';
import type { CheckedCell } from './checked-rows.ts';
import { detailedRows, insertChecked } from './checked-rows.ts';
import { fileError, isRagged, mayBeARow } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { Misfit, scratchName, topField } from './file-load.ts';
import type { MatchedColumns } from './match-columns.ts';
import { ident, literal } from './quote.ts';
import { duckdbType } from './types.ts';

/** A text file of cells, and how its cells are read. Its columns are called `c0`, `c1` and so on in SQL. */
export interface Csv extends FileLoad {
  /** Names of the file's columns. */
  readonly header: readonly string[];
  readonly matched: MatchedColumns;
  /** Lines before the first row. */
  readonly skipped: number;
  /** SQL of a reader, given DuckDB's types of the columns, with more options behind. */
  readonly reader: (types: readonly string[], more?: string) => string;
  readonly cells: CsvCells;
}

/** How a cell becomes a value. */
export interface CsvCells {
  /** DuckDB's type that the reader itself may make. */
  readAs(column: Column): string;
  /**
   * SQL of the value of a cell that was read so; any cell that does not fit is an error of the statement. Undefined for
   * cells that can only be looked at one by one.
   */
  readonly strict?: ((column: Column, cell: string) => string) | undefined;
  /** The same from text, one by one. `from` is SQL of the relation that has what the cells need. */
  checked(csv: Csv, from: string): { readonly cells: readonly CheckedCell[]; readonly from: string };
}

/** Inserts rows straight into their columns; and when one does not fit, cell by cell. */
export async function insertCsv(csv: Csv): Promise<LoadedFile> {
  const { care = 'either' } = csv;
  const strict = care === 'close' ? undefined : csv.cells.strict;
  try {
    if (strict === undefined) return await insertCellByCell(csv);
    const loaded = await insertFast(csv, strict);
    return { read: loaded, loaded, quarantined: [], unknown: csv.matched.unknown.map(topField) };
  } catch (error) {
    const known = fileError(error, csv.file);
    if (known !== error && !isRagged(error)) throw known;
    if (strict === undefined || !mayBeARow(error)) throw error;
    if (care === 'fast') throw new Misfit(csv.file.ref.path, error);
  }
  try {
    return await insertCellByCell(csv);
  } catch (error) {
    throw fileError(error, csv.file);
  }
}

async function insertFast(csv: Csv, strict: NonNullable<CsvCells['strict']>): Promise<number> {
  const { connection, header, matched, origin, into, reader, cells } = csv;
  const types = new Map(matched.fields.map(({ column, field }) => [field, cells.readAs(column)]));
  const values = matched.fields.map(({ column, field }) => {
    if (field === undefined) return `null::${duckdbType(column)}`;
    const value = strict(column, `c${header.indexOf(field)}`);
    return column.mode === 'REQUIRED' ? `coalesce(${value}, error('catchment: required'))` : value;
  });
  const names = [...matched.fields.map(({ column }) => column.name), '_origin', '_extra'];
  const { rowsChanged } = await connection.run(
    `insert into ${into} (${names.map(ident).join(', ')}) select ${[...values, literal(origin), extraOf(matched, header)].join(', ')} from ${reader(header.map((name) => types.get(name) ?? 'VARCHAR'))}`,
  );
  return rowsChanged;
}

async function insertCellByCell(csv: Csv): Promise<LoadedFile> {
  const { connection, header, matched, origin, into, reader, cells } = csv;
  const raw = scratchName('raw');
  const [rejects, scans] = [scratchName('rejects'), scratchName('scans')];
  const rejected = `, store_rejects=true, rejects_limit=0, rejects_table=${literal(rejects)}, rejects_scan=${literal(scans)}`;
  const records = reader(
    header.map(() => 'VARCHAR'),
    rejected,
  );
  const checked = cells.checked(csv, `(select row_number() over () - 1 as catchment_row, * from ${records})`);
  try {
    await connection.run(`create temp table ${raw} as from ${checked.from}`);
    const counted = await connection.runAndReadAll(`select count(*)::double from ${raw}`);
    const count = Number(counted.getRows()[0]?.[0]);
    const ragged = await readRejects(csv, rejects);
    const { loaded, quarantined } = await insertChecked({
      connection,
      from: raw,
      cells: checked.cells,
      extra: extraOf(matched, header),
      origin,
      into,
      count,
    });
    const rows = [...ragged.rows, ...quarantined.map((row) => afterRejects(row, ragged.positions))];
    return {
      read: count + ragged.positions.length,
      loaded,
      quarantined: rows.sort((a, b) => (a.row ?? 0) - (b.row ?? 0)).slice(0, detailedRows),
      unknown: matched.unknown.map(topField),
    };
  } finally {
    for (const table of [raw, rejects, scans]) await connection.run(`drop table if exists ${table}`);
  }
}

/** Rows with a cell too many or too few, or broken quotes. */
async function readRejects(
  { connection, file, skipped }: Csv,
  rejects: string,
): Promise<{ readonly positions: readonly number[]; readonly rows: readonly Quarantined[] }> {
  const found = await connection.runAndReadAll(
    `select line::double, any_value(error_type::varchar), any_value(error_message), left(any_value(csv_line), 1000) from ${rejects} group by 1 order by 1`,
  );
  const rows = found.getRows().map(([line, type, message, text]) => {
    if (type === 'INVALID ENCODING' || type === 'LINE SIZE OVER MAXIMUM' || /utf-8/i.test(String(message)))
      throw fileError(new Error(type === 'LINE SIZE OVER MAXIMUM' ? 'maximum line size' : 'utf-8'), file);
    const cells = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(String(message));
    return {
      row: Number(line) - 1 - skipped,
      path: '',
      reason:
        cells === null ? 'has a quote that is out of place' : `has ${cells[2]} cells instead of ${cells[1]}`,
      masked: mask(text),
    };
  });
  return { positions: rows.map(({ row }) => row), rows };
}

/** The position in the file of a row that was numbered without the rejected ones. */
function afterRejects(found: Quarantined, rejected: readonly number[]): Quarantined {
  let row = found.row ?? 0;
  for (const position of rejected) if (position <= row) row += 1;
  return { ...found, row };
}

function extraOf({ unknown }: MatchedColumns, header: readonly string[]): string {
  if (unknown.length === 0) return 'null::json';
  const cells = unknown.map((name) => ({ name, cell: `c${header.indexOf(name)}` }));
  const pairs = cells.map(({ name, cell }) => `${literal(name)}, ${cell}`).join(', ');
  return `case when coalesce(${cells.map(({ cell }) => cell).join(', ')}) is not null then json_object(${pairs}) end`;
}
