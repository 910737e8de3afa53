import { literal, pointer } from './quote.ts';

/** One value inside a JSON value, as SQL. */
export interface JsonValue {
  /** DuckDB's `json_type`; `'NULL'` also for a value that is not there. */
  readonly kind: string;
  /** Its text, without the quotes of a JSON string. */
  readonly text: string;
  readonly json: string;
}

/** Finds a value by the names that lead to it. */
export type ReadPath = (path: readonly string[]) => JsonValue;

/**
 * Values inside one JSON value, taken out together: each JSON function of a statement would parse the value again, and
 * keep what it parsed for a whole vector of rows.
 */
export interface JsonPaths {
  readonly read: ReadPath;
  /** SQL of the lists that hold the values: of kinds, texts and JSON. */
  lists(): readonly [kinds: string, texts: string, values: string];
  /** How many values were asked for. */
  count(): number;
}

/**
 * @param json SQL of the JSON value
 * @param refer SQL of the item at a position, from 1, of one of the lists
 */
export function createJsonPaths(
  json: string,
  refer: (list: 'kind' | 'text' | 'json', position: number) => string,
): JsonPaths {
  const pointers: string[] = [];
  return {
    read(path) {
      const text = pointer(path);
      if (!pointers.includes(text)) pointers.push(text);
      const position = pointers.indexOf(text) + 1;
      return {
        kind: `coalesce(${refer('kind', position)}, 'NULL')`,
        text: refer('text', position),
        json: refer('json', position),
      };
    },
    lists() {
      const paths = `[${pointers.map(literal).join(', ')}]`;
      return [
        `json_type(${json}, ${paths})`,
        `json_extract_string(${json}, ${paths})`,
        `json_extract(${json}, ${paths})`,
      ];
    },
    count: () => pointers.length,
  };
}

/** The same, with each value in columns of its own; `columns` gives SQL of a relation that has them beside `from`. */
export function createJsonColumns(
  json: string,
  name: string,
): { readonly read: ReadPath; columns(from: string): string } {
  const paths = createJsonPaths(json, (list, position) => `${name}_${list}_${position}`);
  return {
    read: paths.read,
    columns(from) {
      const [kinds, texts, values] = paths.lists();
      const lists = { kind: kinds, text: texts, json: values };
      const taken = Object.entries(lists).map(([list, sql]) => `${sql} as ${name}_${list}`);
      const each = Object.keys(lists).flatMap((list) =>
        Array.from(
          { length: paths.count() },
          (_, index) => `${name}_${list}[${index + 1}] as ${name}_${list}_${index + 1}`,
        ),
      );
      return `(select * exclude (${name}_kind, ${name}_text, ${name}_json), ${each.join(', ')} from (select *, ${taken.join(', ')} from ${from}))`;
    },
  };
}
