import type { Column } from '../schema.ts';
import { lenientValue, reasonFor } from './cell-value.ts';
import type { CheckedCell } from './checked-rows.ts';
import { insertChecked } from './checked-rows.ts';
import { fileError } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { scratchName, topField } from './file-load.ts';
import { jsonCell } from './json-cell.ts';
import { createJsonColumns } from './json-paths.ts';
import type { MatchedColumns } from './match-columns.ts';
import { matchColumns } from './match-columns.ts';
import { ident, literal, pathLiteral } from './quote.ts';
import { duckdbType, isSameType } from './types.ts';
import type { Ask } from './unknown-fields.ts';
import { extraOf, unknownInside } from './unknown-fields.ts';

/** What the footer of a Parquet file says. */
interface Footer extends MatchedColumns {
  readonly rows: number;
  /** DuckDB's type by the file's name of a column. */
  readonly types: ReadonlyMap<string, string>;
  /** NULLs by the file's name of a column; undefined where the footer does not say. */
  readonly nulls: ReadonlyMap<string, number | undefined>;
}

/**
 * One SELECT over a file whose footer proves that every cell fits: then nothing is read before the commit.
 *
 * @returns undefined when only the cells can tell
 */
export async function selectParquet(
  load: FileLoad,
): Promise<{ readonly sql: string; readonly rows: number } | undefined> {
  const footer = await readFooter(load);
  if (footer.unknown.length > 0) return undefined;
  const values: string[] = [];
  for (const { column, field } of footer.fields) {
    const type = field === undefined ? undefined : footer.types.get(field);
    if (field === undefined || type === undefined) {
      values.push(`null::${duckdbType(column)}`);
      continue;
    }
    if (!fitsAlways(type, column)) return undefined;
    if (column.mode === 'REQUIRED' && footer.nulls.get(field) !== 0) return undefined;
    values.push(
      isSameType(type, duckdbType(column)) ? ident(field) : `${ident(field)}::${duckdbType(column)}`,
    );
  }
  const sql = `select ${[...values, literal(load.origin), 'null::json'].join(', ')} from read_parquet(${pathLiteral(load.file.ref.path)})`;
  return { sql, rows: footer.rows };
}

/** Loads a file cell by cell: some types differ from the schema's, or there are columns that it does not name. */
export async function loadParquet(load: FileLoad): Promise<LoadedFile> {
  const footer = await readFooter(load);
  const names = [...footer.types.keys()].map(ident).join(', ');
  const from = `(select file_row_number as catchment_row, ${names} from read_parquet(${pathLiteral(load.file.ref.path)}, file_row_number=true))`;
  const ask: Ask = async (sql) => (await load.connection.runAndReadAll(sql)).getRows();
  const taken = scratchName('taken');
  try {
    const inside = await Promise.all(
      footer.fields.map(({ column, field }) =>
        field === undefined || isSameType(footer.types.get(field) ?? '', duckdbType(column))
          ? []
          : unknownInside(column, [field], `to_json(${ident(field)})`, from, ask),
      ),
    );
    const unknown = [
      ...footer.unknown.map((name) => ({ ...topField(name), json: `to_json(${ident(name)})` })),
      ...inside.flat(),
    ];
    let source = from;
    const cells = footer.fields.map(({ column, field }, index) => {
      if (field === undefined || !isTakenApart(column, footer.types.get(field)))
        return checkedCell(column, field, footer);
      const values = createJsonColumns(`to_json(${ident(field)})`, `catchment_${index}`);
      const cell = jsonCell(column, values.read, []);
      source = values.columns(source);
      return cell;
    });
    if (source !== from) await load.connection.run(`create temp table ${taken} as from ${source}`);
    const { loaded, quarantined } = await insertChecked({
      connection: load.connection,
      from: source === from ? from : taken,
      cells,
      extra: extraOf(unknown),
      origin: load.origin,
      into: load.into,
      count: footer.rows,
    });
    return { read: footer.rows, loaded, quarantined, unknown };
  } catch (error) {
    throw fileError(error, load.file);
  } finally {
    await load.connection.run(`drop table if exists ${taken}`);
  }
}

/** A cast would drop fields of a record, so one of another type is taken apart as JSON. */
function isTakenApart(column: Column, type = ''): boolean {
  return (column.type === 'RECORD' || column.mode === 'REPEATED') && !isSameType(type, duckdbType(column));
}

async function readFooter({ connection, file, target }: FileLoad): Promise<Footer> {
  const path = pathLiteral(file.ref.path);
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
  try {
    const columns = await ask(`select column_name, column_type from (describe from read_parquet(${path}))`);
    const types = new Map(columns.map(([name, type]) => [String(name), String(type)]));
    const [[rows] = []] = await ask(`select num_rows::double from parquet_file_metadata(${path})`);
    const counts = await ask(
      `select path_in_schema, case when count(*) = count(stats_null_count) then sum(stats_null_count)::double end from parquet_metadata(${path}) group by 1`,
    );
    const nulls = new Map(
      counts.map(([name, count]) => [String(name), count === null ? undefined : Number(count)]),
    );
    return { ...matchColumns(target, [...types.keys()], file), rows: Number(rows), types, nulls };
  } catch (error) {
    throw fileError(error, file);
  }
}

const widening: Readonly<Record<string, readonly string[]>> = {
  BIGINT: ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'],
  DOUBLE: ['FLOAT', 'TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'],
  TIMESTAMP: ['TIMESTAMP_S', 'TIMESTAMP_MS', 'DATE'],
};

function fitsAlways(type: string, column: Column): boolean {
  const wanted = duckdbType(column);
  return (
    isSameType(type, wanted) ||
    (widening[wanted]?.includes(type) ?? false) ||
    (column.type === 'NUMERIC' && column.mode !== 'REPEATED' && isNarrowDecimal(type))
  );
}

/** True for decimals with at most 29 digits before and 9 after the point, as a NUMERIC has. */
function isNarrowDecimal(type: string): boolean {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  return scale !== undefined && Number(scale) <= 9 && Number(precision) - Number(scale) <= 29;
}

function checkedCell(column: Column, field: string | undefined, footer: Footer): CheckedCell {
  const path = column.name;
  const type = field === undefined ? undefined : footer.types.get(field);
  if (field === undefined || type === undefined)
    return { column, value: `null::${duckdbType(column)}`, flaws: [] };
  const cell = ident(field);
  const value = castOf(column, cell, type);
  const flaws = [
    { path, when: `${cell} is not null and (${value}) is null`, reason: reasonFor(column), shown: cell },
  ];
  if (column.mode === 'REQUIRED')
    flaws.unshift({ path, when: `${cell} is null`, reason: 'is required and missing', shown: 'null' });
  return { column, value, flaws };
}

function castOf(column: Column, cell: string, type: string): string {
  const wanted = duckdbType(column);
  if (column.type === 'JSON') return `to_json(${cell})`;
  if (type === wanted) return cell;
  if (type === 'VARCHAR') return lenientValue(column, cell);
  const isFraction = /^(DOUBLE|FLOAT|DECIMAL)/.test(type);
  if (column.type === 'INTEGER' && isFraction)
    return `case when ${cell} = trunc(${cell}) then try_cast(${cell} as ${wanted}) end`;
  // DuckDB would round away what is behind the ninth digit (1.5.5).
  if (column.type === 'NUMERIC' && type.startsWith('DECIMAL') && !isNarrowDecimal(type))
    return lenientValue(column, `${cell}::varchar`);
  // A moment has no date or time of day of its own without a zone; the cells of others are cast as they are.
  if (column.type === 'DATE' && type.startsWith('TIMESTAMP'))
    return `case when ${cell} = date_trunc('day', ${cell}) then try_cast(${cell} as date) end`;
  return `try_cast(${cell} as ${wanted})`;
}
