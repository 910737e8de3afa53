import { reasonFor } from '../../../files/cell-value.ts';
import type { Column } from '../../../schema.ts';
import { ident } from '../names.ts';
import type { CellSql } from '../pipe/canonical-sql.ts';
import { jsonText } from '../pipe/canonical-sql.ts';
import { jsonPath } from './json-keys.ts';
import { lenientCell } from './lenient-sql.ts';

/** A value inside of JSON. */
interface At {
  /** SQL of JSON as text: a line, or an item of a list. */
  readonly json: string;
  /** Names that lead to the value. */
  readonly names: readonly string[];
  /** For errors: columns, with dots into records. */
  readonly path: string;
  /** Lists around it. */
  readonly depth: number;
}

/**
 * A list or a record of a JSON line as a cell of the stage. It is taken apart in SQL, so that each inner value is held to
 * its own column by the rules of `core/rows`, and no digit of a number is lost. A missing list is empty.
 *
 * @param json SQL of the line
 * @param name of the field in the line
 */
export function nestedCell(column: Column, json: string, name: string): CellSql {
  return cellAt(column, { json, names: [name], path: column.name, depth: 0 });
}

function cellAt(column: Column, at: At): CellSql {
  if (column.mode === 'REPEATED') return listAt(column, at);
  return column.type === 'RECORD' ? recordAt(column, at) : scalarAt(column, at);
}

function scalarAt(column: Column, { json, names, path }: At): CellSql {
  const found = jsonAt({ json, names });
  const missing = { when: `${found} IS NULL`, reason: 'is required and missing', path };
  if (column.type === 'JSON')
    return { value: jsonText(found), flaws: column.mode === 'REQUIRED' ? [missing] : [] };
  const text = `JSON_VALUE(${json}, '${jsonPath(names)}')`;
  const { value, flaws } = lenientCell(column, text);
  const isNested = {
    when: `${text} IS NULL AND ${found} IS NOT NULL`,
    reason: 'is a list or a record',
    path,
  };
  return { value, flaws: [isNested, ...flaws.map((flaw) => ({ ...flaw, path }))] };
}

function recordAt(column: Column, at: At): CellSql {
  const { path, names } = at;
  const found = jsonAt(at);
  // A condition that is NULL would let neither the row through nor send it back.
  const isRecord = `COALESCE(SUBSTR(${found}, 1, 1) = '{', FALSE)`;
  const fields = (column.fields ?? []).map((field) => ({
    name: field.name,
    ...cellAt(field, {
      ...at,
      names: [...names, field.sourceName ?? field.name],
      path: `${path}.${field.name}`,
    }),
  }));
  const missing = { when: `${found} IS NULL`, reason: 'is required and missing', path };
  // A record that is not there has no fields to be wrong.
  const inner = fields.flatMap(({ flaws }) =>
    flaws.map((flaw) => ({ ...flaw, when: `${isRecord} AND (${flaw.when})` })),
  );
  return {
    value: `IF(${isRecord}, STRUCT(${fields.map(({ name, value }) => `${value} AS ${ident(name)}`).join(', ')}), NULL)`,
    flaws: [
      ...(column.mode === 'REQUIRED' ? [missing] : []),
      { when: `${found} IS NOT NULL AND NOT ${isRecord}`, reason: 'is not a record', path },
      ...inner,
    ],
  };
}

/** A list is never NULL in BigQuery, and holds no NULL. */
function listAt(column: Column, at: At): CellSql {
  const { json, names, path, depth } = at;
  const [item, place] = [`item${depth}`, `place${depth}`];
  const items = `JSON_QUERY_ARRAY(${json}, '${jsonPath(names)}')`;
  const one = cellAt({ ...column, mode: 'REQUIRED' }, { json: item, names: [], path, depth: depth + 1 });
  const isBad = one.flaws.map(({ when }) => `(${when})`).join(' OR ');
  return {
    value: `ARRAY(SELECT ${one.value} FROM UNNEST(${items}) AS ${item} WITH OFFSET AS ${place} ORDER BY ${place})`,
    flaws: [
      { when: `COALESCE(SUBSTR(${jsonAt(at)}, 1, 1) != '[', FALSE)`, reason: 'is not a list', path },
      {
        when: `EXISTS(SELECT 1 FROM UNNEST(${items}) AS ${item} WITH OFFSET AS ${place} WHERE ${isBad})`,
        reason: `has an item that ${reasonFor(column)}`,
        path,
      },
    ],
  };
}

/** SQL of a value as JSON; NULL for JSON's own null and for what is not there. */
function jsonAt({ json, names }: Pick<At, 'json' | 'names'>): string {
  return `NULLIF(JSON_QUERY(${json}, '${jsonPath(names)}'), 'null')`;
}
