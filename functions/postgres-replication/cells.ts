import { parseJson } from '../core/http/json.ts';
import { RawJson } from '../core/rows/raw-json.ts';
import type { Column } from '../core/schema.ts';
import type { ArrayItem } from './array.ts';
import { parseArray } from './array.ts';

/** What is known of a type of the source. */
export interface SourceType {
  readonly oid: number;
  /** OID of the items' type; 0 for types that are no array. */
  readonly items: number;
}

/** OIDs that never change. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
};

const integers = [oids.int2, oids.int4, oids.int8, oids.oid];
const numbers = [...integers, oids.float4, oids.float8, oids.numeric];
const jsons = [oids.json, oids.jsonb];

/** The text of a value, as the row checker wants it. */
export type FromText = (text: string) => unknown;

/**
 * How the log's texts become values of a column. It gives what `copySql` gives for the same value, so a row is the same
 * whether a snapshot or a change brought it.
 */
export function fromText(column: Column, type: SourceType): FromText {
  if (column.mode === 'REPEATED') {
    if (jsons.includes(type.oid)) return parseJson;
    const one = fromText({ ...column, mode: 'NULLABLE' }, { oid: type.items, items: 0 });
    const each = (item: ArrayItem): unknown =>
      item === null ? null : typeof item === 'string' ? one(item) : item.map(each);
    return (text) => parseArray(text)?.map(each) ?? text;
  }
  switch (column.type) {
    case 'BOOLEAN':
      return (text) => (text === 't' ? true : text === 'f' ? false : text);
    case 'BYTES':
      return (text) => (text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : text);
    case 'TIMESTAMP':
    case 'DATETIME':
      return type.oid === oids.timestamptz ? withoutZone : (text) => text;
    case 'RECORD':
      return (text) => (jsons.includes(type.oid) ? parseJson(text) : text);
    case 'JSON':
      return jsonOf(type);
    default:
      return (text) => text;
  }
}

/** A field that the schema file does not name, for `_extra`: in JSON's types where they hold the value. */
export function fromUnknown(type: SourceType): FromText {
  return (text) => {
    if (type.oid === oids.bool) return text === 't';
    if (integers.includes(type.oid)) {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    if (numbers.includes(type.oid))
      return String(Number(text)) === text && isJsonNumber(text) ? Number(text) : text;
    return jsons.includes(type.oid) || type.items !== 0 ? jsonOf(type)(text) : text;
  };
}

/** SQL that copies a column in the canonical text of `core/bytes.ts`. */
export function copySql(column: Column, type: SourceType): string {
  const name = quoteName(column.sourceName ?? column.name);
  if (column.mode === 'REPEATED')
    return `coalesce(${jsons.includes(type.oid) ? `${name}::text` : `to_json(${textItems(name, type)})::text`}, '[]')`;
  if (column.type === 'BYTES' && type.oid === oids.bytea) return `encode(${name}, 'hex')`;
  if ((column.type === 'TIMESTAMP' || column.type === 'DATETIME') && type.oid === oids.timestamptz)
    return `(${name} AT TIME ZONE 'UTC')`;
  // The row checker writes decimals without zeros at their end.
  if (column.type === 'BIGNUMERIC' && type.oid === oids.numeric) return `trim_scale(${name})`;
  if (column.type !== 'JSON' || jsons.includes(type.oid)) return name;
  if (type.items !== 0) return `to_json(${textItems(name, type)})::text`;
  return `to_json(${hasOwnJson(type.oid) ? name : `${name}::text`})::text`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** JSON of PostgreSQL writes moments in another form than their texts have; so items travel as texts. */
function textItems(name: string, { items }: SourceType): string {
  return hasOwnJson(items) ? name : `${name}::text[]`;
}

function hasOwnJson(oid: number): boolean {
  return numbers.includes(oid) || jsons.includes(oid) || oid === oids.bool;
}

function jsonOf(type: SourceType): FromText {
  if (jsons.includes(type.oid)) return (text) => new RawJson(text);
  if (type.items === 0) return (text) => new RawJson(scalarJson(text, type.oid));
  const write = (item: ArrayItem): string => {
    if (item === null) return 'null';
    return typeof item === 'string' ? scalarJson(item, type.items) : `[${item.map(write).join(',')}]`;
  };
  return (text) => {
    const items = parseArray(text);
    return new RawJson(items === undefined ? JSON.stringify(text) : write(items));
  };
}

function scalarJson(text: string, oid: number): string {
  if (oid === oids.bool) return text === 't' ? 'true' : 'false';
  if (jsons.includes(oid) || (numbers.includes(oid) && isJsonNumber(text))) return text;
  return JSON.stringify(text);
}

/** NaN and the infinities are numbers to PostgreSQL and none to JSON. */
function isJsonNumber(text: string): boolean {
  return /^-?\d/.test(text);
}

function withoutZone(text: string): string {
  return text.endsWith('+00') ? text.slice(0, -3) : text;
}
