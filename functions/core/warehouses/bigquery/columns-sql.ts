import type { Column } from '../../schema.ts';
import { ident } from './names.ts';

/** A staged column as SQL of its final type: JSON, which waits as text, is parsed, also deep in lists and records. */
export function fromStage(column: Column, staged: string, depth = 0): string {
  if (!holdsJson(column)) return staged;
  if (column.mode === 'REPEATED') {
    const item = `e${depth}`;
    const made = fromStage({ ...column, mode: 'NULLABLE' }, item, depth + 1);
    return `ARRAY(SELECT ${made} FROM UNNEST(${staged}) AS ${item} WITH OFFSET AS o${depth} ORDER BY o${depth})`;
  }
  // Numbers that would be rounded are strings already, so nothing is lost by this mode.
  if (column.type === 'JSON') return `PARSE_JSON(${staged}, wide_number_mode=>'round')`;
  const fields = (column.fields ?? []).map((field) => {
    const name = ident(field.name);
    return `${fromStage(field, `${staged}.${name}`, depth)} AS ${name}`;
  });
  return `IF(${staged} IS NULL, NULL, STRUCT(${fields.join(', ')}))`;
}

function holdsJson({ type, fields }: Column): boolean {
  return type === 'JSON' || (fields ?? []).some(holdsJson);
}

/** True where two cells of a column differ; NULL equals NULL. Lists, records and JSON know no equality in BigQuery. */
export function differs(column: Column, left: string, right: string): string {
  const name = ident(column.name);
  if (hasEquality(column)) return `${left}.${name} IS DISTINCT FROM ${right}.${name}`;
  return `TO_JSON_STRING(${left}.${name}) != TO_JSON_STRING(${right}.${name})`;
}

/**
 * True where two keys are the same. NULL equals NULL here: a key part that is missing must not double the row. BigQuery
 * joins by equality only, and TO_JSON_STRING makes a NULL a text like any other.
 *
 * @param prefix of the left side's names
 */
export function sameKey(key: readonly Column[], left: string, right: string, prefix = ''): string {
  return key
    .map((column) => {
      const [one, other] = [`${left}.${ident(`${prefix}${column.name}`)}`, `${right}.${ident(column.name)}`];
      if (column.mode === 'REQUIRED' && isGroupable(column)) return `${one} = ${other}`;
      return `TO_JSON_STRING(${one}) = TO_JSON_STRING(${other})`;
    })
    .join(' AND ');
}

/** What PARTITION BY takes: not FLOAT64, JSON, lists and records. */
export function groupKey(key: readonly Column[], table: string): string {
  return key
    .map((column) => {
      const name = `${table}.${ident(column.name)}`;
      return isGroupable(column) ? name : `TO_JSON_STRING(${name})`;
    })
    .join(', ');
}

function hasEquality({ type, mode }: Column): boolean {
  return mode !== 'REPEATED' && type !== 'RECORD' && type !== 'JSON';
}

function isGroupable(column: Column): boolean {
  return hasEquality(column) && column.type !== 'FLOAT';
}

const typeNames: Readonly<Partial<Record<Column['type'], string>>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
};

/** GoogleSQL's name of a scalar column's type. */
export function sqlType({ type }: Column): string {
  return typeNames[type] ?? type;
}
