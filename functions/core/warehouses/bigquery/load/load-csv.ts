import { fatal } from '../../../errors.ts';
import { csvDialect, readHeader } from '../../../files/csv-header.ts';
import type { InspectedFile } from '../../../files/inspect-file.ts';
import { matchColumns } from '../../../files/match-columns.ts';
import type { TableTarget } from '../../../pipeline.ts';
import { anyPosition } from '../fill.ts';
import type { Bigquery } from '../jobs.ts';
import { createScratchTable } from '../pipe/raw-table.ts';
import { extraSql } from './extra-sql.ts';
import { lenientCell } from './lenient-sql.ts';
import type { LoadedObjects, ObjectsRequest } from './load-job.ts';
import { loadUris } from './load-job.ts';
import { readHead } from './read-head.ts';

/** Files whose heads are read at once. */
const sideBySide = 8;

/** CSV goes in as texts; files of the same header and dialect go in one job. */
export async function loadCsvObjects(
  bigquery: Bigquery,
  { target, files, newTable }: ObjectsRequest,
): Promise<readonly LoadedObjects[]> {
  const groups = new Map<string, InspectedFile[]>();
  for (let from = 0; from < files.length; from += sideBySide) {
    const some = files.slice(from, from + sideBySide);
    for (const head of await Promise.all(some.map((ref) => readHead(bigquery, ref, target.name)))) {
      const { encoding, nullMarker, header } = head.ref;
      const names = readHeader(head, namesOf(target));
      const key = JSON.stringify([names, csvDialect(head), encoding, nullMarker, header]);
      groups.set(key, [...(groups.get(key) ?? []), head]);
    }
  }
  const loaded: LoadedObjects[] = [];
  for (const group of groups.values()) loaded.push(await loadGroup(bigquery, target, group, newTable()));
  return loaded;
}

async function loadGroup(
  bigquery: Bigquery,
  target: TableTarget,
  group: readonly InspectedFile[],
  table: string,
): Promise<LoadedObjects> {
  const [file] = group;
  if (file === undefined) throw fatal('internal', { what: 'a group of files without a file' });
  const { ref } = file;
  const names = readHeader(file, namesOf(target));
  const matched = matchColumns(target, names, file);
  const fields = names.map((_, index) => ({ name: `c${index}`, type: 'STRING', mode: 'NULLABLE' }));
  await createScratchTable(bigquery, { name: table, fields });
  const { delimiter, quote } = csvDialect(file);
  const { rows, bytes } = await loadUris(bigquery, {
    target,
    table,
    files: group.map((each) => each.ref),
    options: {
      sourceFormat: 'CSV',
      fieldDelimiter: delimiter,
      quote,
      skipLeadingRows: (ref.header ?? true) ? 1 : 0,
      encoding: ref.encoding === 'latin-1' ? 'ISO-8859-1' : 'UTF-8',
      allowQuotedNewlines: true,
      preserveAsciiControlCharacters: true,
    },
  });
  const cellOf = (name: string) => {
    const cell = `r.c${names.indexOf(name)}`;
    return ref.nullMarker === undefined ? cell : `NULLIF(${cell}, @${table}_null)`;
  };
  const strays = matched.unknown.map((name) => {
    const cell = cellOf(name);
    return { name, json: `TO_JSON_STRING(${cell})`, isThere: `${cell} IS NOT NULL` };
  });
  const extra = extraSql(strays, `${table}_name`);
  const cells = matched.fields.flatMap(({ column, field }) => {
    if (field === undefined) return [];
    if (column.type === 'RECORD' || column.mode === 'REPEATED')
      throw fatal('bad-file', {
        where: target.name,
        what: `column "${column.name}" is a ${column.mode === 'REPEATED' ? 'list' : 'RECORD'}, which a CSV file cannot hold`,
        got: ref.path,
        todo: `make it JSON in schemas/${target.schema}.json, or deliver JSON or Parquet`,
      });
    return { ...lenientCell(column, cellOf(field)), column: column.name, shown: cellOf(field) };
  });
  const nulls = ref.nullMarker === undefined ? {} : { [`${table}_null`]: ref.nullMarker };
  const params = { ...extra.params, ...nulls };
  return {
    raw: { table, cells, extra: extra.sql, position: anyPosition, where: 'TRUE', params },
    rows,
    bytes,
    strays,
    isText: true,
  };
}

function namesOf({ columns }: TableTarget): readonly string[] {
  return columns.map(({ name }) => name);
}
