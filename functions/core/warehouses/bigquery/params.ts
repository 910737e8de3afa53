/** Values of named query parameters: text, whole numbers, moments (as Date), or a typed NULL. */
export type Params = Readonly<Record<string, Param>>;

export type Param = string | number | boolean | Date | Null;

/** A NULL must have a type in BigQuery. */
export interface Null {
  readonly null: 'STRING' | 'INT64' | 'TIMESTAMP' | 'DATE';
}

/** The value, or NULL of a type when there is none. */
export function orNull<T extends string | number | Date>(value: T | undefined, type: Null['null']): T | Null {
  return value === undefined ? { null: type } : value;
}

/** Parameters as the REST interface takes them. */
export function queryParameters(params: Params): unknown[] {
  return Object.entries(params).map(([name, value]) => ({ name, ...typed(value) }));
}

function typed(value: Param) {
  if (value instanceof Date) return one('TIMESTAMP', value.toISOString());
  if (typeof value === 'object') return one(value.null, null);
  if (typeof value === 'number') return one('INT64', String(value));
  if (typeof value === 'boolean') return one('BOOL', String(value));
  return one('STRING', value);
}

function one(type: string, value: string | null) {
  return { parameterType: { type }, parameterValue: { value } };
}
