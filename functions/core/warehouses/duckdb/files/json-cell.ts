import type { Column } from '../../../schema.ts';
import { duckdbType } from '../types.ts';
import { lenientValue, reasonFor } from './cell-value.ts';
import type { CheckedCell, Flaw } from './checked-rows.ts';
import { ident, jsonField } from './quote.ts';

/**
 * A column's value from a JSON value, with what may be wrong with it. Records and lists are taken apart in SQL, so that
 * each inner value is held to its own column.
 *
 * @param json SQL of the JSON value; NULL and JSON's null are both missing
 */
export function jsonCell(column: Column, json: string): CheckedCell {
  return { column, ...cellOf(column, json, column.name, 0) };
}

function cellOf(
  column: Column,
  json: string,
  path: string,
  depth: number,
): { readonly value: string; readonly flaws: readonly Flaw[] } {
  const kind = `coalesce(json_type(${json}), 'NULL')`;
  const flaw = (when: string, reason: string): Flaw => ({ path, when, reason, shown: `${json}->>'$'` });
  const missing = column.mode === 'REQUIRED' ? [flaw(`${kind} = 'NULL'`, 'is required and missing')] : [];
  if (column.mode === 'REPEATED') return listOf(column, json, path, depth);
  if (column.type === 'RECORD') {
    const fields = (column.fields ?? []).map((field) => ({
      name: field.name,
      ...cellOf(
        field,
        `${json}->${jsonField(field.sourceName ?? field.name)}`,
        `${path}.${field.name}`,
        depth,
      ),
    }));
    const packed = fields.map(({ name, value }) => `${ident(name)} := ${value}`).join(', ');
    // A record that is not there has no fields to be wrong.
    const inner = fields.flatMap(({ flaws }) =>
      flaws.map((found) => ({ ...found, when: `${kind} = 'OBJECT' and (${found.when})` })),
    );
    return {
      value: `case when ${kind} = 'OBJECT' then struct_pack(${packed}) end`,
      flaws: [...missing, flaw(`${kind} not in ('OBJECT', 'NULL')`, 'is not a record'), ...inner],
    };
  }
  const value = scalarOf(column, json, kind);
  return {
    value,
    flaws: [...missing, flaw(`${kind} <> 'NULL' and (${value}) is null`, reasonFor(column))],
  };
}

/** A missing list is empty: BigQuery knows no NULL list, and no NULL inside one. */
function listOf(
  column: Column,
  json: string,
  path: string,
  depth: number,
): { readonly value: string; readonly flaws: readonly Flaw[] } {
  const kind = `coalesce(json_type(${json}), 'NULL')`;
  const item = `item${depth}`;
  const one = cellOf({ ...column, mode: 'REQUIRED' }, item, path, depth + 1);
  const items = `json_extract(${json}, '$[*]')`;
  const bad = one.flaws.map(({ when }) => `coalesce(${when}, false)`).join(' or ');
  const shown = `${json}->>'$'`;
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

function scalarOf(column: Column, json: string, kind: string): string {
  if (column.type === 'JSON') return `case when ${kind} <> 'NULL' then ${json} end`;
  const text = `${json}->>'$'`;
  // Casts of text would take these for something else: true for 1, a list for its text.
  const strangers: Partial<Record<Column['type'], string>> = {
    INTEGER: `'OBJECT', 'ARRAY', 'BOOLEAN'`,
    FLOAT: `'OBJECT', 'ARRAY', 'BOOLEAN'`,
    NUMERIC: `'OBJECT', 'ARRAY', 'BOOLEAN'`,
    BIGNUMERIC: `'OBJECT', 'ARRAY', 'BOOLEAN'`,
  };
  const refused = strangers[column.type] ?? `'OBJECT', 'ARRAY'`;
  return `case when ${kind} not in (${refused}) then ${lenientValue(column, `(${text})`)} end`;
}
