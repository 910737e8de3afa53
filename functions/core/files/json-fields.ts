import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../schema.ts';

/** What one pass over a JSON file's records found. */
export interface JsonFields {
  readonly names: readonly string[];
  /** True when all values of a field can be read straight into the column without being changed. */
  fits(field: string, column: Column): boolean;
}

/** Kinds of JSON values. `fraction` is a number with a point or an exponent, or a text that looks like one. */
type Kind = 'text' | 'object' | 'list' | 'boolean' | 'null' | 'number' | 'fraction' | 'fraction-text';

const taken: Readonly<Partial<Record<Column['type'], readonly Kind[]>>> = {
  STRING: ['text', 'fraction-text', 'boolean', 'null', 'number', 'fraction'],
  INTEGER: ['number', 'null', 'text'],
  FLOAT: ['number', 'fraction', 'null'],
  NUMERIC: ['number', 'fraction', 'null', 'text', 'fraction-text'],
  BOOLEAN: ['boolean', 'null'],
  DATE: ['text', 'fraction-text', 'null'],
  DATETIME: ['text', 'fraction-text', 'null'],
  TIMESTAMP: ['text', 'fraction-text', 'null'],
  TIME: ['text', 'fraction-text', 'null'],
  BYTES: ['text', 'fraction-text', 'null'],
  JSON: ['text', 'fraction-text', 'object', 'list', 'boolean', 'null', 'number', 'fraction'],
};

/**
 * Reads the names of all fields, and the kinds of their values by the first character. This costs half as much as
 * loading, and without it DuckDB would drop unknown fields, round 1.5 to 2 and take true for 1 (1.5.5).
 *
 * @param reader SQL of a relation with a column `record`, MAP(VARCHAR, JSON)
 */
export async function readJsonFields(connection: DuckDBConnection, reader: string): Promise<JsonFields> {
  const found = await connection.runAndReadAll(
    `select name, ascii(value) as first, bool_or(contains(value, '.') or contains(value, 'e') or contains(value, 'E'))
     from (select unnest(map_keys(record)) as name, unnest(map_values(record))::varchar as value from ${reader})
     group by 1, 2`,
  );
  const kinds = new Map<string, Set<Kind>>();
  for (const [name, first, isFraction] of found.getRows()) {
    const set = kinds.get(String(name)) ?? new Set();
    // JSON's null comes as NULL.
    set.add(first === null ? 'null' : kindOf(String.fromCharCode(Number(first)), isFraction === true));
    kinds.set(String(name), set);
  }
  return {
    names: [...kinds.keys()].sort(),
    fits: (field, column) =>
      column.mode !== 'REPEATED' &&
      [...(kinds.get(field) ?? [])].every((kind) => taken[column.type]?.includes(kind) ?? false),
  };
}

function kindOf(first: string, isFraction: boolean): Kind {
  switch (first) {
    case '"':
      return isFraction ? 'fraction-text' : 'text';
    case '{':
      return 'object';
    case '[':
      return 'list';
    case 't':
    case 'f':
      return 'boolean';
    default:
      return isFraction ? 'fraction' : 'number';
  }
}
