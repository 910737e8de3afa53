import type { CsvObject } from '../../engine-read.ts';
import { fatal } from '../../errors.ts';
import type { InspectedFile } from '../../files/inspect-file.ts';
import { matchColumns } from '../../files/match-columns.ts';
import type { TableTarget } from '../../pipeline.ts';

/** The table that a job filled, as the columns of the schema file. */
export interface ObjectSql {
  /** One SELECT of texts, with `_extra` where the file has columns without one. */
  readonly select: string;
  /** Columns of the file that the schema file does not name, with SQL of a row's text. */
  readonly unknown: readonly { readonly name: string; readonly cell: string }[];
}

/**
 * Pairs a file's columns with the schema's. The template writes an empty text and no text alike, so both are NULL.
 *
 * @param table the table as SQL; its columns are `c0`, `c1` and so on
 * @throws fatal `bad-file` for a file that lacks a column, or has one that no cell of CSV can fill
 */
export function objectSql(target: TableTarget, read: CsvObject, table: string): ObjectSql {
  const file: InspectedFile = {
    ref: { path: read.path, format: 'csv' },
    where: target.name,
    bytes: 0,
    compression: 'none',
    head: Buffer.alloc(0),
  };
  const { fields, unknown } = matchColumns(target, read.names, file);
  const cellOf = (name: string) => {
    const cell = `NULLIF(s.c${read.names.indexOf(name)}, '')`;
    return read.nullMarker === undefined ? cell : `NULLIF(${cell}, ${textSql(read.nullMarker, target)})`;
  };
  const cells = fields.flatMap(({ column, field }) => {
    if (field === undefined) return [];
    if (column.type === 'RECORD' || column.mode === 'REPEATED')
      throw fatal('bad-file', {
        where: target.name,
        what: `column "${column.name}" is a ${column.mode === 'REPEATED' ? 'list' : 'RECORD'}, which a CSV file cannot hold`,
        got: read.path,
        todo: `make it JSON in schemas/${target.schema}.json, or deliver JSON or Parquet and leave the engine out`,
      });
    return [`${cellOf(field)} AS \`${column.name}\``];
  });
  const strays = unknown.map((name) => ({ name, cell: cellOf(name) }));
  const extra = strays.length === 0 ? [] : [`${extraOf(strays, target)} AS \`_extra\``];
  return { select: `SELECT ${[...cells, ...extra].join(', ')} FROM ${table} AS s`, unknown: strays };
}

function extraOf(strays: ObjectSql['unknown'], target: TableTarget): string {
  const pairs = strays.map(({ name, cell }, index) => {
    const key = textSql(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, target);
    return `${key}, COALESCE(TO_JSON_STRING(${cell}), 'null')`;
  });
  const isThere = strays.map(({ cell }) => `${cell} IS NOT NULL`).join(' OR ');
  return `IF(${isThere}, CONCAT(${pairs.join(', ')}, '}'), CAST(NULL AS STRING))`;
}

/** Raw text of GoogleSQL, which knows no escapes. */
function textSql(text: string, { dataset, name }: TableTarget): string {
  if (!/['\n\r]|\\$/.test(text)) return `r'${text}'`;
  throw fatal('bad-file', {
    where: `${dataset}.${name}`,
    what: 'a column of the file, or nullMarker, is written in a way that engine dataflow cannot repeat',
    got: text,
    todo: 'leave the engine out',
  });
}
