import type { FileRef } from '../../../extract.ts';
import type { InspectedFile } from '../../../files/inspect-file.ts';
import { matchColumns } from '../../../files/match-columns.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Column } from '../../../schema.ts';
import { anyPosition } from '../fill.ts';
import type { Bigquery } from '../jobs.ts';
import { tableRef } from '../names.ts';
import { jsonText } from '../pipe/canonical-sql.ts';
import { createScratchTable } from '../pipe/raw-table.ts';
import { select } from '../sql.ts';
import { extraSql } from './extra-sql.ts';
import { nestedCell } from './json-column.ts';
import { allKeys, jsonPath, namesIn, nestedStrays } from './json-keys.ts';
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
  if (ref === undefined) return [];
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
  return [await takeApart(bigquery, { target, ref, table, bytes })];
}

/** Lines of JSON in the column `line` of a table, as rows of the columns that the schema file names. */
export async function takeApart(
  bigquery: Bigquery,
  lines: {
    readonly target: TableTarget;
    /** The file that they came from, or the first of them, for errors. */
    readonly ref: FileRef;
    readonly table: string;
    readonly bytes: number;
  },
): Promise<LoadedObjects> {
  const { target, ref, table, bytes } = lines;
  const rows = await countLines(bigquery, table);
  const hasNested = target.columns.some(isNested);
  const keys = await keysOf(bigquery, table, hasNested ? allKeys(line) : topKeys);
  const names = keys.map(namesIn).flatMap(([name, ...inner]) => (name && inner.length === 0 ? [name] : []));
  const file: InspectedFile = { ref, where: target.name, bytes, compression: 'none', head: Buffer.alloc(0) };
  const matched = matchColumns(target, names, file);
  const cells = matched.fields.flatMap(({ column, field }) => {
    if (field === undefined) return [];
    const shown = textOf(field);
    if (isNested(column)) return { ...nestedCell(column, line, field), column: column.name, shown };
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
  const whole = matched.unknown.map((name) => ({
    name,
    json: jsonText(`JSON_QUERY(${line}, '${pathOf(name)}')`),
    isThere: `COALESCE(JSON_QUERY(${line}, '${pathOf(name)}'), 'null') != 'null'`,
  }));
  const nested = matched.fields.flatMap(({ column, field }) =>
    field !== undefined && isNested(column) ? [{ column, field }] : [],
  );
  const inner = nestedStrays(nested, keys, line);
  // A value of which a part is kept is there in every row; only rows with such a part keep it.
  const kept = inner.kept.map((stray) => ({
    ...stray,
    json: `IF(${stray.isThere}, ${jsonText(stray.json)}, 'null')`,
  }));
  const extra = extraSql([...whole, ...kept], `${table}_name`);
  const raw = {
    table,
    cells,
    extra: extra.sql,
    position: anyPosition,
    where: isNoBlank,
    params: extra.params,
  };
  return { raw, rows, bytes, strays: [...whole, ...inner.reported], isText: false };
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

const topKeys = `JSON_KEYS(SAFE.PARSE_JSON(${line}, wide_number_mode=>'round'), 1)`;

function isNested({ type, mode }: Column): boolean {
  return type === 'RECORD' || mode === 'REPEATED';
}

async function keysOf(bigquery: Bigquery, table: string, keys: string): Promise<string[]> {
  const { rows } = await select(bigquery, {
    what: 'reading the fields of JSON lines',
    sql:
      `SELECT DISTINCT name FROM ${tableRef(bigquery.settings, table)} AS r, ` +
      `UNNEST(${keys}) AS name ORDER BY name`,
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
  return jsonPath([name]);
}
