import type { Column } from '../schema.ts';
import { ident } from './quote.ts';

/** SQL of the canonical text (see `bytes.ts`) of a value in DuckDB's type of its column. */
export function canonicalSql(column: Column, value: string): string {
  if (column.mode === 'REPEATED' || column.type === 'RECORD')
    return `to_json(${jsonSql(column, value)})::varchar`;
  switch (column.type) {
    case 'STRING':
    case 'BIGNUMERIC':
      return value;
    case 'BOOLEAN':
      return `case when ${value} then 't' when not ${value} then 'f' end`;
    case 'FLOAT':
      return `case ${value}::varchar when 'nan' then 'NaN' when 'inf' then 'Infinity' when '-inf' then '-Infinity' else ${value}::varchar end`;
    case 'TIMESTAMP':
      return `(${value} at time zone 'UTC')::varchar`;
    case 'BYTES':
      return `lower(hex(${value}))`;
    default:
      return `${value}::varchar`;
  }
}

/** SQL of a value that becomes JSON as it must stand inside a record or a list. */
function jsonSql(column: Column, value: string, depth = 0): string {
  if (column.mode === 'REPEATED') {
    const item = `item${depth}`;
    return `list_transform(${value}, lambda ${item}: ${jsonSql({ ...column, mode: 'NULLABLE' }, item, depth + 1)})`;
  }
  switch (column.type) {
    case 'RECORD': {
      const fields = (column.fields ?? []).map(
        (field) =>
          `${ident(field.name)} := ${jsonSql(field, `struct_extract(${value}, '${field.name}')`, depth)}`,
      );
      return `case when ${value} is not null then struct_pack(${fields.join(', ')}) end`;
    }
    case 'BYTES':
      return `to_base64(${value})`;
    case 'STRING':
    case 'INTEGER':
    case 'FLOAT':
    case 'BOOLEAN':
    case 'JSON':
      return value;
    default:
      return canonicalSql(column, value);
  }
}

/** SQL of a canonical text with the escapes of `tsv`; NULL stays NULL. Most texts have nothing to escape. */
export function tsvSql(column: Column, text: string): string {
  const isText =
    column.mode === 'REPEATED' || ['STRING', 'BIGNUMERIC', 'JSON', 'RECORD'].includes(column.type);
  if (!isText) return text;
  const escapes = [
    [`'\\'`, `'\\\\'`],
    ['chr(9)', `'\\t'`],
    ['chr(10)', `'\\n'`],
    ['chr(13)', `'\\r'`],
  ] as const;
  const hasAny = escapes.map(([found]) => `contains(${text}, ${found})`).join(' or ');
  const escaped = escapes.reduce((sql, [found, written]) => `replace(${sql}, ${found}, ${written})`, text);
  return `case when ${hasAny} then ${escaped} else ${text} end`;
}
