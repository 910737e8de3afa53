import { refuse } from './refuse.ts';

/** BigQuery's names of types as DuckDB spells them. */
const types: Readonly<Record<string, string>> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  BYTES: 'BLOB',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
};

/** Functions that DuckDB lacks, or has with another meaning. */
export const macros = [
  "CREATE MACRO TO_JSON_STRING(x) AS coalesce(CAST(to_json(x) AS VARCHAR), 'null')",
  "CREATE MACRO PARSE_JSON(x, wide_number_mode := 'exact') AS CAST(x AS JSON)",
];

/**
 * One statement of GoogleSQL, as far as the warehouse writes it, in DuckDB's dialect. Names in backticks are
 * `project.dataset.table` or a column; text is in single quotes without escapes.
 */
export function toDuckdbSql(sql: string, project: string): string {
  const named = mapParts(sql, {
    code: (code) => {
      if (code.includes('"')) refuse('invalidQuery', 'the emulator takes text in single quotes only');
      return code;
    },
    quoted: (name) => {
      const parts = name.split('.');
      if (parts.length === 1) return `"${name}"`;
      const [owner, dataset, table] = parts;
      if (parts.length !== 3 || owner !== project)
        refuse('invalidQuery', `Invalid table name: ${name}; the project is ${project}`);
      return `"${dataset}"."${table}"`;
    },
  });
  const unnested = named
    .replaceAll(
      /UNNEST\(([^()[\]]+)\) AS (\w+) WITH OFFSET AS (\w+)/g,
      '(SELECT unnest($1) AS $2, generate_subscripts($1, 1) - 1 AS $3)',
    )
    .replaceAll(/UNNEST\((\[[^\]]*\])\) AS (\w+)/g, 'UNNEST($1) AS unnested($2)');
  return mapCode(structs(unnested), (code) =>
    code.replaceAll(/\b[A-Z0-9]+\b/g, (word) => types[word] ?? word),
  );
}

/** Applies a change to what is neither text nor a quoted name. */
export function mapCode(sql: string, change: (code: string) => string): string {
  return sql.replaceAll(/('[^']*'|"[^"]*"|`[^`]*`)|([^'"`]+)/g, (_, quoted?: string, code?: string) =>
    code === undefined ? (quoted ?? '') : change(code),
  );
}

function mapParts(
  sql: string,
  change: { readonly code: (code: string) => string; readonly quoted: (name: string) => string },
): string {
  return sql.replaceAll(/'[^']*'|`([^`]*)`|[^'`]+/g, (part, name?: string) => {
    if (name !== undefined) return change.quoted(name);
    return part.startsWith("'") ? part : change.code(part);
  });
}

/** `STRUCT(a AS b, …)` becomes `struct_pack(b := a, …)`. */
function structs(sql: string): string {
  const start = sql.search(/\bSTRUCT\(/);
  if (start < 0) return sql;
  const open = start + 'STRUCT('.length;
  const fields: string[] = [];
  let depth = 0;
  let from = open;
  for (let at = open; at < sql.length; at += 1) {
    const character = sql[at];
    if (character === '(' || character === '[') depth += 1;
    if ((character === ',' && depth === 0) || (character === ')' && depth === 0)) {
      fields.push(sql.slice(from, at).trim());
      from = at + 1;
      if (character === ')') {
        const packed = fields.map((field) => {
          const name = /^(.*) AS ("[^"]*")$/s.exec(field);
          if (name === null) return refuse('invalidQuery', `a field without a name: ${field}`);
          return `${name[2]} := ${structs(name[1] ?? '')}`;
        });
        return `${sql.slice(0, start)}struct_pack(${packed.join(', ')})${structs(sql.slice(at + 1))}`;
      }
    }
    if (character === ')' || character === ']') depth -= 1;
  }
  return refuse('invalidQuery', 'STRUCT( is not closed');
}
