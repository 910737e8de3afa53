import { fatal } from '../../../errors.ts';
import type { Quarantined } from '../../../rows/check.ts';
import { mask } from '../../../rows/mask.ts';
import type { Column } from '../../../schema.ts';
import { duckdbType } from '../types.ts';
import { lenientValue, reasonFor, strictValue } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import { detailedRows, insertChecked } from './checked-rows.ts';
import { csvDialect, readHeader } from './csv-header.ts';
import { fileError, lineTooLong, longestLineBytes, mayBeARow } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { scratchName, topField } from './file-load.ts';
import type { InspectedFile } from './inspect-file.ts';
import { scanFile } from './inspect-file.ts';
import type { MatchedColumns } from './match-columns.ts';
import { matchColumns } from './match-columns.ts';
import { ident, literal, pathLiteral } from './quote.ts';

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
  const csv: Csv = { ...load, header, matched };
  // Both at once: DuckDB trusts a truncated archive, and may lose a line that does not fit its buffer.
  const scanning = checkLines(file).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    const loaded = await insertFast(csv);
    const damage = await scanning;
    if (damage !== undefined) throw damage;
    return { read: loaded, loaded, quarantined: [], unknown: matched.unknown.map(topField) };
  } catch (error) {
    const damage = await scanning;
    if (damage !== undefined) throw damage;
    const known = fileError(error, file);
    if (known !== error && !isRagged(error)) throw known;
    if (!mayBeARow(error)) throw error;
  }
  try {
    return await insertCellByCell(csv);
  } catch (error) {
    throw fileError(error, file);
  }
}

interface Csv extends FileLoad {
  readonly header: readonly string[];
  readonly matched: MatchedColumns;
}

async function checkLines(file: InspectedFile): Promise<void> {
  const { longestLine } = await scanFile(file);
  if (longestLine > longestLineBytes) throw lineTooLong(file);
}

/** These look like damage but may be one bad row among good ones. */
function isRagged(error: unknown): boolean {
  return /unterminated quote|state machine/i.test(String(error));
}

async function insertFast({ connection, header, matched, origin, into, file }: Csv): Promise<number> {
  const types = new Map(
    matched.fields.map(({ column, field }) => [field, column.type === 'FLOAT' ? 'DOUBLE' : 'VARCHAR']),
  );
  const columns = header.map((name) => types.get(name) ?? 'VARCHAR');
  const values = matched.fields.map(({ column, field }) => {
    if (field === undefined) return `null::${duckdbType(column)}`;
    const cell = `c${header.indexOf(field)}`;
    const value =
      column.type === 'FLOAT'
        ? `case when ${cell} is null or isfinite(${cell}) then ${cell} else error('catchment: not finite') end`
        : strictValue(column, cell);
    return column.mode === 'REQUIRED' ? `coalesce(${value}, error('catchment: required'))` : value;
  });
  const names = [...matched.fields.map(({ column }) => column.name), '_origin', '_extra'];
  const { rowsChanged } = await connection.run(
    `insert into ${into} (${names.map(ident).join(', ')}) select ${[...values, literal(origin), extraOf(matched, header)].join(', ')} from ${readCsv(file, columns)}`,
  );
  return rowsChanged;
}

async function insertCellByCell(csv: Csv): Promise<LoadedFile> {
  const { connection, header, matched, origin, into, file } = csv;
  const raw = scratchName('raw');
  const [rejects, scans] = [scratchName('rejects'), scratchName('scans')];
  const reader = readCsv(
    file,
    header.map(() => 'VARCHAR'),
    `, store_rejects=true, rejects_limit=0, rejects_table=${literal(rejects)}, rejects_scan=${literal(scans)}`,
  );
  try {
    await connection.run(
      `create temp table ${raw} as select row_number() over () - 1 as catchment_row, * from ${reader}`,
    );
    const counted = await connection.runAndReadAll(`select count(*)::double from ${raw}`);
    const count = Number(counted.getRows()[0]?.[0]);
    const ragged = await readRejects(csv, rejects);
    const { loaded, quarantined } = await insertChecked({
      connection,
      from: raw,
      cells: matched.fields.map(({ column, field }) =>
        checkedCell(column, field === undefined ? undefined : `c${header.indexOf(field)}`),
      ),
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

/** Rows with a cell too many or too few, or broken quotes. */
async function readRejects(
  { connection, file }: Csv,
  rejects: string,
): Promise<{ readonly positions: readonly number[]; readonly rows: readonly Quarantined[] }> {
  const hasHeader = file.ref.header ?? true;
  const found = await connection.runAndReadAll(
    `select line::double, any_value(error_type::varchar), any_value(error_message), left(any_value(csv_line), 1000) from ${rejects} group by 1 order by 1`,
  );
  const rows = found.getRows().map(([line, type, message, text]) => {
    if (type === 'INVALID ENCODING' || type === 'LINE SIZE OVER MAXIMUM' || /utf-8/i.test(String(message)))
      throw fileError(new Error(type === 'LINE SIZE OVER MAXIMUM' ? 'maximum line size' : 'utf-8'), file);
    const cells = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(String(message));
    return {
      row: Number(line) - (hasHeader ? 2 : 1),
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

function readCsv(file: InspectedFile, types: readonly string[], more = ''): string {
  const { ref, compression } = file;
  const { delimiter, quote } = csvDialect(file);
  const nulls = ['', ...(ref.nullMarker === undefined ? [] : [ref.nullMarker])];
  const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
  return `read_csv(${pathLiteral(ref.path)}, auto_detect=false, columns={${columns}}, header=${ref.header ?? true}, delim=${literal(delimiter)}, quote=${literal(quote)}, escape=${literal(quote)}, nullstr=[${nulls.map(literal).join(', ')}], allow_quoted_nulls=false, strict_mode=true, compression='${compression}', encoding='${ref.encoding ?? 'utf-8'}', max_line_size=${longestLineBytes}, buffer_size=32000000${more})`;
}
