import type { Params } from '../params.ts';

/** A field of a file that no column takes. */
export interface StrayField {
  readonly name: string;
  /** SQL of its value as JSON text; NULL or `null` for none. */
  readonly json: string;
  /** SQL that is true when the row has it. */
  readonly isThere: string;
  /** Of a field inside of `json`: the names that lead to it, the first one that of `json` itself. @default it is the whole */
  readonly inside?: readonly string[] | undefined;
}

/** SQL of `_extra`: NULL for a row that has none of the fields. Their names go as parameters, whatever they are. */
export function extraSql(
  strays: readonly StrayField[],
  prefix: string,
): { readonly sql: string; readonly params: Params } {
  if (strays.length === 0) return { sql: 'NULL', params: {} };
  const params: Record<string, string> = {};
  const pairs = strays.map(({ name, json }, index) => {
    params[`${prefix}_${index}`] = `${index === 0 ? '' : ','}${JSON.stringify(name)}:`;
    return `@${prefix}_${index}, COALESCE(${json}, 'null')`;
  });
  const isThere = strays.map((stray) => `(${stray.isThere})`).join(' OR ');
  return { sql: `IF(${isThere}, CONCAT('{', ${pairs.join(', ')}, '}'), CAST(NULL AS STRING))`, params };
}
