import type { Column } from '../schema.ts';
import { plainValue, strictValue } from './cell-value.ts';
import { longestRecordBytes, mayBeARow } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { Misfit } from './file-load.ts';
import type { InspectedFile } from './inspect-file.ts';
import type { JsonFields } from './json-fields.ts';
import { readJsonFields } from './json-fields.ts';
import type { MatchedColumns } from './match-columns.ts';
import { matchColumns } from './match-columns.ts';
import { isNotPlain } from './not-plain.ts';
import { plainLines } from './plain-lines.ts';
import { ident, literal, pathLiteral } from './quote.ts';
import { duckdbType } from './types.ts';

/**
 * One pass over the fields of a file, and if every value fits its column, a second one that reads them straight into
 * the columns.
 *
 * @returns undefined, with nothing inserted, when the records need a closer look
 */
export async function insertTyped(load: FileLoad): Promise<LoadedFile | undefined> {
  const { connection, file, target, care = 'either' } = load;
  if (file.ref.records !== undefined || care === 'close') return undefined;
  const lookCloser = (error: unknown): undefined => {
    if (!mayBeARow(error)) throw error;
    if (care !== 'either') throw new Misfit(file.ref.path, error);
    return undefined;
  };
  let fields = care === 'asked' ? undefined : await lookedFields(load);
  const isPlain = fields !== undefined;
  try {
    fields ??= await readJsonFields(
      connection,
      `read_json(${pathLiteral(file.ref.path)}, columns={'record': 'MAP(VARCHAR, JSON)'}, records=false, ${jsonOptions(file)})`,
    );
  } catch (error) {
    return lookCloser(error);
  }
  if (fields.names.length === 0) return undefined;
  const { fields: matched, unknown } = matchColumns(target, fields.names, file);
  const known = matched.flatMap(({ column, field }) => (field === undefined ? [] : [{ column, field }]));
  const names = new Set(known.map(({ field }) => field.toLowerCase()));
  if (
    unknown.length > 0 ||
    names.size < known.length ||
    known.some(({ column, field }) => !fields.fits(field, column))
  )
    return undefined;

  try {
    const { rowsChanged } = await connection.run(insertStatement(load, matched, isPlain));
    return { read: rowsChanged, loaded: rowsChanged, quarantined: [], unknown: [] };
  } catch (error) {
    return lookCloser(error);
  }
}

/** SQL that reads fields straight into their columns. @param isPlain their values were looked at */
export function insertStatement(
  { file, target, origin, into }: FileLoad,
  fields: MatchedColumns['fields'],
  isPlain: boolean,
): string {
  const read = (column: Column) => (isPlain ? plainRead(column) : readAs(column));
  const types = fields.flatMap(({ column, field }) =>
    field === undefined ? [] : [`${literal(field)}: ${literal(read(column))}`],
  );
  const values = fields.map(({ column, field }) => {
    if (field === undefined) return emptyValue(column);
    const isDirect = read(column) === duckdbType(column);
    const value = isDirect ? ident(field) : (isPlain ? plainValue : strictValue)(column, ident(field));
    return column.mode === 'REQUIRED' ? `coalesce(${value}, error('catchment: required'))` : value;
  });
  const columns = [...target.columns.map(({ name }) => name), '_origin', '_extra'].map(ident).join(', ');
  return `insert into ${into} (${columns}) select ${[...values, literal(origin), 'null::json'].join(', ')} from read_json(${pathLiteral(file.ref.path)}, columns={${types.join(', ')}}, ${jsonOptions(file)})`;
}

/**
 * The fields of JSON Lines that a look at their bytes found plain: each value fits, and is read the same by all readers.
 * Undefined when only DuckDB can tell, which costs four times as much.
 */
async function lookedFields({ file, target }: FileLoad): Promise<JsonFields | undefined> {
  const lines = await plainLines(target, file.ref);
  try {
    const names = await lines?.look();
    return names === undefined ? undefined : { names, fits: () => true };
  } catch (error) {
    if (isNotPlain(error)) return undefined;
    throw error;
  }
}

/** A missing list is empty, as everywhere in the kit. */
export function emptyValue(column: Column): string {
  return column.mode === 'REPEATED' ? `[]::${duckdbType(column)}` : `null::${duckdbType(column)}`;
}

/** Options of DuckDB's JSON readers: one array, or objects one after the other. */
export function jsonOptions({ ref, compression, head }: InspectedFile): string {
  const isArray = ref.format === 'json' && /^\s*\[/.test(head.subarray(0, 4096).toString('latin1'));
  const format = ref.format === 'ndjson' ? 'newline_delimited' : isArray ? 'array' : 'unstructured';
  return `format='${format}', ${jsonCompression(compression)}, maximum_object_size=${longestRecordBytes}`;
}

export function jsonCompression(compression: InspectedFile['compression']): string {
  return `compression='${compression === 'none' ? 'uncompressed' : compression}'`;
}

/** Types that DuckDB's JSON reader makes without changing a value of the kinds that fit. */
function readAs(column: Column): string {
  const isDirect = ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'JSON'].includes(column.type);
  return isDirect && column.format === undefined ? duckdbType(column) : 'VARCHAR';
}

/** The same of values that were looked at: only decimals would be rounded. */
function plainRead(column: Column): string {
  return column.type === 'NUMERIC' ? 'VARCHAR' : duckdbType(column);
}
