import { fatal } from '../../../errors.ts';
import type { InspectedFile } from '../../../files/inspect-file.ts';
import { matchColumns } from '../../../files/match-columns.ts';
import { anyPosition } from '../fill.ts';
import type { Bigquery } from '../jobs.ts';
import { tableRef } from '../names.ts';
import { jsonText } from '../pipe/canonical-sql.ts';
import { createScratchTable } from '../pipe/raw-table.ts';
import { select } from '../sql.ts';
import { extraSql } from './extra-sql.ts';
import { lenientCell } from './lenient-sql.ts';
import type { LoadedObjects, ObjectsRequest } from './load-job.ts';
import { loadUris } from './load-job.ts';

const line = 'r.line';

/**
 * Each line goes in as one text: a load job of JSON would refuse fields without a column, or guess types that lose digits.
 * No JSON holds the control character that would part the line into cells.
 */
export async function loadNdjsonObjects(
  bigquery: Bigquery,
  { target, files, newTable }: ObjectsRequest,
): Promise<readonly LoadedObjects[]> {
  const [ref] = files;
  const nested = target.columns.find(({ type, mode }) => type === 'RECORD' || mode === 'REPEATED');
  if (ref === undefined) return [];
  if (nested !== undefined)
    throw fatal('bad-file', {
      where: `${target.dataset}.${target.name}`,
      what: `column "${nested.name}" is a list or a RECORD, which is not loaded from JSON Lines in a bucket`,
      got: ref.path,
      todo: `deliver Parquet, make it JSON in schemas/${target.schema}.json, or bring the file to this machine first`,
    });
  const table = newTable();
  const fields = [{ name: 'line', type: 'STRING', mode: 'NULLABLE' }];
  await createScratchTable(bigquery, { name: table, fields });
  const { bytes } = await loadUris(bigquery, {
    target,
    table,
    files,
    options: {
      sourceFormat: 'CSV',
      fieldDelimiter: '\u0001',
      quote: '',
      encoding: 'UTF-8',
      preserveAsciiControlCharacters: true,
    },
  });
  const rows = await countLines(bigquery, table);
  const names = await keysOf(bigquery, table);
  const file: InspectedFile = { ref, where: target.name, bytes, compression: 'none', head: Buffer.alloc(0) };
  const matched = matchColumns(target, names, file);
  const cells = matched.fields.flatMap(({ column, field }) => {
    if (field === undefined) return [];
    const shown = textOf(field);
    const cell =
      column.type === 'JSON' ? { value: jsonText(jsonOf(field)), flaws: [] } : lenientCell(column, shown);
    const isList = `JSON_QUERY(${line}, '${pathOf(field)}') IS NOT NULL AND ${shown} IS NULL AND JSON_QUERY(${line}, '${pathOf(field)}') != 'null'`;
    const flaws = column.type === 'JSON' ? [] : [{ when: isList, reason: 'is a list or a record' }];
    return { ...cell, flaws: [...flaws, ...cell.flaws], column: column.name, shown };
  });
  const isBroken = {
    when: `SAFE.PARSE_JSON(${line}, wide_number_mode=>'round') IS NULL`,
    reason: 'is not JSON',
  };
  // It stands first, so that a broken line is told as such and not as one without its columns.
  const [first] = cells;
  if (first !== undefined) first.flaws = [isBroken, ...first.flaws];
  const strays = matched.unknown.map((name) => ({
    name,
    json: jsonText(`JSON_QUERY(${line}, '${pathOf(name)}')`),
    isThere: `COALESCE(JSON_QUERY(${line}, '${pathOf(name)}'), 'null') != 'null'`,
  }));
  const extra = extraSql(strays, `${table}_name`);
  const raw = {
    table,
    cells,
    extra: extra.sql,
    position: anyPosition,
    where: isNoBlank,
    params: extra.params,
  };
  return [{ raw, rows, bytes, strays, isText: false }];
}

const isNoBlank = `TRIM(${line}) != ''`;

async function countLines(bigquery: Bigquery, table: string): Promise<number> {
  const { rows } = await select(bigquery, {
    what: 'counting JSON lines',
    sql: `SELECT COUNT(*) AS n FROM ${tableRef(bigquery.settings, table)} AS r WHERE ${isNoBlank}`,
    params: {},
  });
  return Number(rows[0]?.[0] ?? 0);
}

async function keysOf(bigquery: Bigquery, table: string): Promise<string[]> {
  const { rows } = await select(bigquery, {
    what: 'reading the fields of JSON lines',
    sql:
      `SELECT DISTINCT name FROM ${tableRef(bigquery.settings, table)} AS r, ` +
      `UNNEST(JSON_KEYS(SAFE.PARSE_JSON(${line}, wide_number_mode=>'round'), 1)) AS name ORDER BY name`,
    params: {},
  });
  return rows.map(([name]) => String(name));
}

/** A number in its own digits, a text without its quotes; NULL for `null`, a list and a record. */
function textOf(name: string): string {
  return `JSON_VALUE(${line}, '${pathOf(name)}')`;
}

function jsonOf(name: string): string {
  return `NULLIF(JSON_QUERY(${line}, '${pathOf(name)}'), 'null')`;
}

function pathOf(name: string): string {
  if (/['"\\\n]/.test(name))
    throw fatal('bad-file', {
      what: 'a field has a name that no JSON path can hold',
      got: name,
      todo: 'bring the file to this machine first',
    });
  return `$."${name}"`;
}
