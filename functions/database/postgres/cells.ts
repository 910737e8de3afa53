import type { ByteFormat } from '../../core/bytes.ts';
import type { Column } from '../../core/schema.ts';
import type { Pair } from '../columns.ts';
import type { ExactTypes } from '../exact.ts';

/** SQL that gives one column in the canonical forms of `core/bytes.ts`. */
export interface Cell {
  /** For `csv` and `tsv`. */
  readonly text: string;
  /** For `pgcopy`; undefined when a value might not have that type, which would fail the whole table. */
  readonly binary: string | undefined;
}

const integers = ['int2', 'int4', 'int8', 'oid'];
const floats = ['float4', 'float8'];
const texts = ['text', 'varchar', 'name', 'citext'];
const moments = ['timestamp', 'timestamptz'];

/** All but DATE, whose years before the first one end in `BC`. */
export const exactTypes: ExactTypes = {
  INTEGER: [...integers, 'bool'],
  BOOLEAN: [...integers, 'bool'],
  BYTES: ['bytea'],
  JSON: ['json', 'jsonb'],
  TIME: ['time', 'timetz'],
  DATETIME: [...moments, 'date'],
  TIMESTAMP: [...moments, 'date'],
};

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`;
}

/** @param zone the zone of date-times that have none, and are TIMESTAMP in the schema file */
export function cellOf({ column, source }: Pair, zone: string): Cell {
  const name = quoteName(source.name);
  if (column.mode === 'REPEATED' || column.type === 'RECORD' || column.type === 'JSON')
    return jsonCell(name, source.type);
  return byType[column.type](name, source.type, quoteText(zone));
}

type CellOf = (name: string, type: string, zone: string) => Cell;

/** What cannot be converted surely travels as it prints, and the warehouse's own check decides. */
const asPrinted = (name: string): Cell => ({ text: `${name}::text`, binary: undefined });

const both = (sql: string): Cell => ({ text: sql, binary: sql });

const byType: Readonly<Record<Exclude<Column['type'], 'JSON' | 'RECORD'>, CellOf>> = {
  STRING(name, type) {
    if (type === 'bytea') return both(`encode(${name}, 'hex')`);
    return [...texts, 'uuid'].includes(type)
      ? { text: name, binary: `${name}::text` }
      : both(`${name}::text`);
  },
  INTEGER(name, type) {
    if (integers.includes(type)) return { text: name, binary: `${name}::int8` };
    return type === 'bool' ? both(`${name}::int::int8`) : asPrinted(name);
  },
  FLOAT(name, type) {
    if (type === 'float8') return both(name);
    return type === 'float4' || integers.includes(type) ? both(`${name}::float8`) : asPrinted(name);
  },
  NUMERIC: decimal,
  BIGNUMERIC: decimal,
  BOOLEAN(name, type) {
    if (type === 'bool') return both(name);
    return integers.includes(type) ? both(`(${name} <> 0)`) : asPrinted(name);
  },
  DATE(name, type, zone) {
    if (type === 'date') return both(name);
    if (type === 'timestamp') return both(`${name}::date`);
    return type === 'timestamptz' ? both(`(${name} AT TIME ZONE ${zone})::date`) : asPrinted(name);
  },
  TIME(name, type) {
    if (type === 'time') return both(name);
    return type === 'timetz' ? both(`(${name} AT TIME ZONE 'UTC')::time`) : asPrinted(name);
  },
  DATETIME(name, type, zone) {
    if (type === 'timestamp') return both(name);
    if (type === 'timestamptz') return both(`(${name} AT TIME ZONE ${zone})`);
    return type === 'date' ? both(`${name}::timestamp`) : asPrinted(name);
  },
  TIMESTAMP(name, type, zone) {
    if (!moments.includes(type) && type !== 'date') return asPrinted(name);
    if (type === 'timestamptz') return { text: `(${name} AT TIME ZONE 'UTC')`, binary: name };
    const moment = `(${name}::timestamp AT TIME ZONE ${zone})`;
    return { text: `(${moment} AT TIME ZONE 'UTC')`, binary: moment };
  },
  BYTES(name, type) {
    if (type === 'bytea') return { text: `encode(${name}, 'hex')`, binary: name };
    const bytes = `convert_to(${name}::text, 'UTF8')`;
    return { text: `encode(${bytes}, 'hex')`, binary: bytes };
  },
};

function decimal(name: string, type: string): Cell {
  if (type === 'numeric') return both(name);
  if (integers.includes(type)) return { text: name, binary: `${name}::numeric` };
  // By way of its text, a float keeps all its digits and loses its exponent.
  if (floats.includes(type)) return both(`${name}::text::numeric`);
  return type === 'money' ? both(`${name}::numeric`) : asPrinted(name);
}

function jsonCell(name: string, type: string): Cell {
  if (type === 'json') return { text: name, binary: `${name}::jsonb` };
  if (type === 'jsonb') return both(name);
  // A text is taken for JSON already, as it is.
  return [...texts, 'uuid'].includes(type) ? asPrinted(name) : both(`to_jsonb(${name})`);
}

/** Formats that all columns of a table can be written in, the cheapest for its own kind first. */
export function formatsOf(cells: readonly Cell[]): readonly ByteFormat[] {
  return cells.every(({ binary }) => binary !== undefined) ? ['csv', 'tsv', 'pgcopy'] : ['csv', 'tsv'];
}
