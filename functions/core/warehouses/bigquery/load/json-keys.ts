import { fatal } from '../../../errors.ts';
import type { Column } from '../../../schema.ts';
import type { StrayField } from './extra-sql.ts';

/** `$."a"."b"`, inside of quotes of SQL. */
export function jsonPath(names: readonly string[]): string {
  const odd = names.find((name) => /['"\\\n]/.test(name));
  if (odd === undefined) return `$${names.map((name) => `."${name}"`).join('')}`;
  throw fatal('bad-file', {
    what: 'a field has a name that no JSON path can hold',
    got: odd,
    todo: 'bring the file to this machine first',
  });
}

/** SQL of the fields of a line, those inside of lists and records by their paths. Twenty levels are looked at. */
export function allKeys(line: string): string {
  return `JSON_KEYS(SAFE.PARSE_JSON(${line}, wide_number_mode=>'round'), 20, mode=>'lax recursive')`;
}

/** The names in a path that `JSON_KEYS` gives: parts with odd characters stand in double quotes. */
export function namesIn(key: string): string[] {
  return [...key.matchAll(/"((?:[^"\\]|\\.)*)"|[^."]+/g)].map(([part, quoted]) => quoted ?? part);
}

/** Lists and records whose inner fields are not all columns. */
export interface NestedStrays {
  /** The whole value, for rows where it has such a field: where in a list it was, no name could tell. */
  readonly kept: readonly StrayField[];
  /** Each such field, to be reported. */
  readonly reported: readonly StrayField[];
}

/**
 * @param nested columns that are lists or records, with their fields in the lines
 * @param keys all paths that lines have
 */
export function nestedStrays(
  nested: readonly { readonly column: Column; readonly field: string }[],
  keys: readonly string[],
  line: string,
): NestedStrays {
  const kept: StrayField[] = [];
  const reported: StrayField[] = [];
  for (const { column, field } of nested) {
    const unknown = keys.filter((key) => {
      const [first, ...inner] = namesIn(key);
      return first === field && isUnknown(column, inner);
    });
    if (unknown.length === 0) continue;
    const json = `JSON_QUERY(${line}, '${jsonPath([field])}')`;
    const has = (wanted: readonly string[]) => {
      // Refuses what no quotes of SQL could hold.
      for (const key of wanted) jsonPath(namesIn(key));
      const list = wanted.map((key) => `'${key}'`).join(', ');
      return `EXISTS(SELECT 1 FROM UNNEST(${allKeys(line)}) AS key_path WHERE key_path IN (${list}))`;
    };
    kept.push({ name: field, json, isThere: has(unknown) });
    for (const key of unknown) {
      const names = namesIn(key);
      reported.push({ name: names.join('.'), json, isThere: has([key]), inside: names });
    }
  }
  return { kept, reported };
}

/** True for a path whose last name is the first that no column has; what is inside of it is told with it. */
function isUnknown(column: Column, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || column.type !== 'RECORD') return false;
  const field = column.fields?.find((each) => (each.sourceName ?? each.name) === name);
  return field === undefined ? rest.length === 0 : isUnknown(field, rest);
}
