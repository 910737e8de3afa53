import type { Column } from '../schema.ts';
import { lenientValue, reasonFor } from './cell-value.ts';
import type { CheckedCell, Flaw } from './checked-rows.ts';
import type { JsonValue, ReadPath } from './json-paths.ts';
import { createJsonPaths } from './json-paths.ts';
import { ident } from './quote.ts';
import { duckdbType } from './types.ts';

/**
 * A column's value from a JSON value, with what may be wrong with it. Records and lists are taken apart in SQL, so that
 * each inner value is held to its own column. A value that is not there and JSON's null are both missing.
 *
 * @param at names that lead to the column's value
 */
export function jsonCell(column: Column, read: ReadPath, at: readonly string[]): CheckedCell {
  return { column, ...cellOf(column, { read, at, path: column.name, depth: 0 }) };
}

interface Place {
  readonly read: ReadPath;
  readonly at: readonly string[];
  /** For the error: columns, with dots into records. */
  readonly path: string;
  /** Lists around it. */
  readonly depth: number;
}

interface Cell {
  readonly value: string;
  readonly flaws: readonly Flaw[];
}

function cellOf(column: Column, place: Place): Cell {
  if (column.mode === 'REPEATED') return listOf(column, place);
  const { read, at, path } = place;
  const found = read(at);
  const { kind, text } = found;
  const flaw = (when: string, reason: string): Flaw => ({ path, when, reason, shown: text });
  const missing = column.mode === 'REQUIRED' ? [flaw(`${kind} = 'NULL'`, 'is required and missing')] : [];
  if (column.type === 'RECORD') {
    const fields = (column.fields ?? []).map((field) => ({
      name: field.name,
      ...cellOf(field, {
        ...place,
        at: [...at, field.sourceName ?? field.name],
        path: `${path}.${field.name}`,
      }),
    }));
    const packed = fields.map(({ name, value }) => `${ident(name)} := ${value}`).join(', ');
    // A record that is not there has no fields to be wrong.
    const inner = fields.flatMap(({ flaws }) =>
      flaws.map((each) => ({ ...each, when: `${kind} = 'OBJECT' and (${each.when})` })),
    );
    return {
      value: `case when ${kind} = 'OBJECT' then struct_pack(${packed}) end`,
      flaws: [...missing, flaw(`${kind} not in ('OBJECT', 'NULL')`, 'is not a record'), ...inner],
    };
  }
  const value = scalarOf(column, found);
  return {
    value,
    flaws: [...missing, flaw(`${kind} <> 'NULL' and (${value}) is null`, reasonFor(column))],
  };
}

/** A missing list is empty: BigQuery knows no NULL list, and no NULL inside one. */
function listOf(column: Column, { read, at, path, depth }: Place): Cell {
  const { kind, text: shown, json } = read(at);
  const item = `item${depth}`;
  const inside = createJsonPaths('item', (list, position) => `${item}.${list}[${position}]`);
  const one = cellOf({ ...column, mode: 'REQUIRED' }, { read: inside.read, at: [], path, depth: depth + 1 });
  const [kinds, texts, values] = inside.lists();
  const items = `list_transform(json_extract(${json}, '$[*]'), lambda item: {'kind': ${kinds}, 'text': ${texts}, 'json': ${values}})`;
  const bad = one.flaws.map(({ when }) => `coalesce(${when}, false)`).join(' or ');
  return {
    value: `case when ${kind} = 'ARRAY' then list_transform(${items}, lambda ${item}: ${one.value}) else []::${duckdbType(column)} end`,
    flaws: [
      { path, when: `${kind} not in ('ARRAY', 'NULL')`, reason: 'is not a list', shown },
      {
        path,
        when: `${kind} = 'ARRAY' and len(list_filter(${items}, lambda ${item}: ${bad})) > 0`,
        reason: `has an item that ${reasonFor(column)}`,
        shown,
      },
    ],
  };
}

function scalarOf(column: Column, { kind, text, json }: JsonValue): string {
  if (column.type === 'JSON') return `case when ${kind} <> 'NULL' then ${json} end`;
  // Casts of text would take these for something else: true for 1, a list for its text.
  const isNumber = ['INTEGER', 'FLOAT', 'NUMERIC', 'BIGNUMERIC'].includes(column.type);
  const refused = isNumber ? `'OBJECT', 'ARRAY', 'BOOLEAN'` : `'OBJECT', 'ARRAY'`;
  return `case when ${kind} not in (${refused}) then ${lenientValue(column, text)} end`;
}
