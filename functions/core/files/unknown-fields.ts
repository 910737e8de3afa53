import type { Column } from '../schema.ts';
import type { UnknownField } from './file-load.ts';
import { jsonField, literal } from './quote.ts';

export type Ask = (sql: string) => Promise<readonly (readonly unknown[])[]>;

/** An unknown field together with SQL of its value as JSON. */
export interface UnknownValue extends UnknownField {
  readonly json: string;
}

/**
 * Fields inside a record column that its schema does not name.
 *
 * @param parents names of the column and of the records it is in
 * @param json SQL of the column as JSON
 * @param from SQL of the relation it is in
 */
export async function unknownInside(
  column: Column,
  parents: readonly string[],
  json: string,
  from: string,
  ask: Ask,
): Promise<readonly UnknownValue[]> {
  if (column.type !== 'RECORD') return [];
  const isList = column.mode === 'REPEATED';
  const keys = await keysOf(
    isList
      ? `select unnest(json_extract(${json}, '$[*]')) as value from ${from}`
      : `select ${json} as value from ${from}`,
    ask,
  );
  const found: UnknownValue[] = [];
  for (const key of keys) {
    const field = column.fields?.find((candidate) => (candidate.sourceName ?? candidate.name) === key);
    // Of a list the whole value is kept: an item has no name of its own.
    if (field === undefined && isList) return [{ ...nameOf(parents), json }];
    const inner = `${json}->${jsonField(key)}`;
    if (field === undefined) found.push({ ...nameOf([...parents, key]), json: inner });
    else if (!isList) found.push(...(await unknownInside(field, [...parents, key], inner, from, ask)));
  }
  return found;
}

/** Names of the fields of JSON objects; `values` is SQL that gives them in a column `value`. */
export async function keysOf(values: string, ask: Ask): Promise<string[]> {
  const keys = await ask(
    `select distinct unnest(json_keys(value)) as name from (${values}) where json_type(value) = 'OBJECT' order by 1`,
  );
  return keys.map(([name]) => String(name));
}

/** SQL of `_extra`: NULL for a row that has none of the fields. */
export function extraOf(unknown: readonly UnknownValue[]): string {
  if (unknown.length === 0) return 'null::json';
  const isThere = unknown.map(({ json }) => `(${json}) is not null`).join(' or ');
  const pairs = unknown.map(({ name, json }) => `${literal(name)}, ${json}`).join(', ');
  return `case when ${isThere} then json_object(${pairs}) end`;
}

function nameOf(path: readonly string[]): UnknownField {
  return { name: path.join('.'), parents: path.slice(0, -1), field: path.at(-1) ?? '' };
}
