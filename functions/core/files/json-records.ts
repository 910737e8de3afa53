import type { CatchmentError } from '../errors.ts';
import { fatal } from '../errors.ts';
import { insertChecked } from './checked-rows.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { scratchName, topField } from './file-load.ts';
import type { InspectedFile } from './inspect-file.ts';
import { scanFile } from './inspect-file.ts';
import { jsonCell } from './json-cell.ts';
import { createJsonColumns } from './json-paths.ts';
import { emptyValue, jsonCompression, jsonOptions } from './json-typed.ts';
import { matchColumns } from './match-columns.ts';
import { jsonField, pathLiteral } from './quote.ts';
import type { Ask } from './unknown-fields.ts';
import { extraOf, keysOf, unknownInside } from './unknown-fields.ts';

/** A document that holds its records in a field is read whole; this is how large it may be. */
const longestDocumentBytes = 256 * 2 ** 20;

/** Loads record by record: each value is held to its column, and unknown fields are kept, also inside records. */
export async function insertRecords(load: FileLoad): Promise<LoadedFile> {
  const { connection, file, target, origin, into } = load;
  const [raw, taken] = [scratchName('raw'), scratchName('taken')];
  const ask: Ask = async (sql) => (await connection.runAndReadAll(sql)).getRows();
  try {
    if (file.ref.records !== undefined) await takeRecordsOut(load, raw, file.ref.records, ask);
    else
      await connection.run(
        `create temp table ${raw} as select row_number() over () - 1 as catchment_row, json as record from ${objectsOf(file)}`,
      );
    const [[count = 0, broken = null] = []] = await ask(
      `select count(*)::double, max(catchment_row) filter (record is null)::double from ${raw}`,
    );
    const rows = Number(count);
    if (rows === 0) return { read: 0, loaded: 0, quarantined: [], unknown: [] };
    if (broken !== null && Number(broken) === rows - 1) await refuseCutLine(file);
    const names = await keysOf(`select record as value from ${raw}`, ask);
    const matched = matchColumns(target, names, file);
    const inside = await Promise.all(
      matched.fields.map(({ column, field }) =>
        field === undefined ? [] : unknownInside(column, [field], `record->${jsonField(field)}`, raw, ask),
      ),
    );
    const unknown = [
      ...matched.unknown.map((name) => ({ ...topField(name), json: `record->${jsonField(name)}` })),
      ...inside.flat(),
    ];
    const values = createJsonColumns('record', 'catchment');
    const cells = matched.fields.map(({ column, field }) =>
      field === undefined
        ? { column, value: emptyValue(column), flaws: [] }
        : jsonCell(column, values.read, [field]),
    );
    // A table, not a subquery: DuckDB would move the filter below it and take everything out once per condition.
    await connection.run(`create temp table ${taken} as from ${values.columns(raw)}`);
    const isNoObject = {
      path: '',
      when: `coalesce(json_type(record), 'BROKEN') <> 'OBJECT'`,
      reason: 'is not a JSON object',
      shown: 'record',
    };
    const { loaded, quarantined } = await insertChecked({
      connection,
      from: taken,
      cells: cells.map((cell, index) =>
        index === 0 ? { ...cell, flaws: [isNoObject, ...cell.flaws] } : cell,
      ),
      extra: extraOf(unknown),
      origin,
      into,
      count: rows,
    });
    return { read: rows, loaded, quarantined, unknown };
  } finally {
    for (const table of [raw, taken]) await connection.run(`drop table if exists ${table}`);
  }
}

function objectsOf(file: InspectedFile): string {
  // A line that is no JSON comes as NULL; in an array, everything behind it would be lost, so there it is an error.
  const skip = file.ref.format === 'ndjson' ? ', ignore_errors=true' : '';
  return `read_json_objects(${pathLiteral(file.ref.path)}, ${jsonOptions(file)}${skip})`;
}

async function takeRecordsOut(load: FileLoad, raw: string, records: string, ask: Ask): Promise<void> {
  const { connection, file } = load;
  const { bytes } = file.compression === 'none' ? file : await scanFile(file);
  const refuse = (what: string, got: unknown, todo: string): CatchmentError =>
    fatal('bad-file', { where: file.where, what, got, todo });
  if (bytes > longestDocumentBytes)
    throw refuse(
      `${file.ref.path} holds its records in a field and is larger than ${longestDocumentBytes / 2 ** 20} MB`,
      `${Math.round(bytes / 2 ** 20)} MB`,
      'deliver it as JSON Lines',
    );
  const document = scratchName('document');
  await connection.run(
    `create temp table ${document} as select json from read_json_objects(${pathLiteral(file.ref.path)}, format='unstructured', ${jsonCompression(file.compression)}, maximum_object_size=${bytes + 1024})`,
  );
  try {
    const path = records.split('.').map((part) => `->${jsonField(part)}`);
    const list = `json${path.join('')}`;
    const [[kind = null] = []] = await ask(`select json_type(${list}) from ${document}`);
    if (kind !== 'ARRAY') {
      const keys = await keysOf(`select json as value from ${document}`, ask);
      throw refuse(
        `${file.ref.path} has no list in the field that "records" of the table names`,
        records,
        `name the field that holds the list; the top level has ${keys.slice(0, 20).join(', ') || 'no fields'}`,
      );
    }
    await connection.run(
      `create temp table ${raw} as select row_number() over () - 1 as catchment_row, record from (select unnest(json_extract(${list}, '$[*]')) as record from ${document})`,
    );
  } finally {
    await connection.run(`drop table if exists ${document}`);
  }
}

/** A last line that is no JSON and has no end was cut off in delivery; bad lines elsewhere are only bad rows. */
async function refuseCutLine(file: InspectedFile): Promise<void> {
  const { endsWithNewline } = await scanFile(file);
  if (endsWithNewline) return;
  throw fatal('bad-file', {
    where: file.where,
    what: 'the file is not valid JSON: it ends in the middle of a record',
    got: file.ref.path,
    todo: 'deliver it again; nothing of it was loaded',
  });
}
