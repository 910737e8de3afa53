import type { Column } from '../schema.ts';
import { plainValue, strictValue } from './cell-value.ts';
import { longestRecordBytes, mayBeARow } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { Misfit } from './file-load.ts';
import type { InspectedFile } from './inspect-file.ts';
import type { JsonFields } from './json-fields.ts';
import { readJsonFields } from './json-fields.ts';
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
  const { connection, file, target, origin, into, care = 'either' } = load;
  if (file.ref.records !== undefined || care === 'close') return undefined;
  const lookCloser = (error: unknown): undefined => {
    if (!mayBeARow(error)) throw error;
    if (care === 'fast') throw new Misfit(file.ref.path, error);
    return undefined;
  };
  const path = pathLiteral(file.ref.path);
  const options = jsonOptions(file);
  let fields = await lookedFields(load);
  const isPlain = fields !== undefined;
  try {
    fields ??= await readJsonFields(
      connection,
      `read_json(${path}, columns={'record': 'MAP(VARCHAR, JSON)'}, records=false, ${options})`,
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

  const types = known.map(({ column, field }) => `${literal(field)}: ${literal(readAs(column))}`);
  const values = matched.map(({ column, field }) => {
    if (field === undefined) return emptyValue(column);
    const isDirect = readAs(column) === duckdbType(column);
    const value = isDirect ? ident(field) : (isPlain ? plainValue : strictValue)(column, ident(field));
    return column.mode === 'REQUIRED' ? `coalesce(${value}, error('catchment: required'))` : value;
  });
  const columns = [...target.columns.map(({ name }) => name), '_origin', '_extra'].map(ident).join(', ');
  try {
    const { rowsChanged } = await connection.run(
      `insert into ${into} (${columns}) select ${[...values, literal(origin), 'null::json'].join(', ')} from read_json(${path}, columns={${types.join(', ')}}, ${options})`,
    );
    return { read: rowsChanged, loaded: rowsChanged, quarantined: [], unknown: [] };
  } catch (error) {
    return lookCloser(error);
  }
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
