import { refuse } from './refuse.ts';
import { schemaOf } from './shared.ts';

/** BigQuery's names of types as DuckDB spells them. */
const types: Readonly<Record<string, string>> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  BYTES: 'BLOB',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
  NUMERIC: 'DECIMAL(38,9)',
  // DuckDB's decimals are too short, so the emulator keeps it as text.
  BIGNUMERIC: 'VARCHAR',
};

/** Functions that DuckDB lacks, or has with another meaning. */
export const macros = [
  "CREATE MACRO TO_JSON_STRING(x) AS coalesce(CAST(to_json(x) AS VARCHAR), 'null')",
  "CREATE MACRO PARSE_JSON(x, wide_number_mode := 'exact') AS CAST(x AS JSON)",
  "CREATE MACRO SAFE_PARSE_JSON(x, wide_number_mode := 'exact') AS TRY_CAST(x AS JSON)",
  'CREATE MACRO FROM_HEX(x) AS TRY(unhex(x))',
  'CREATE MACRO SAFE_FROM_BASE64(x) AS TRY(from_base64(x))',
  'CREATE MACRO REGEXP_CONTAINS(x, pattern) AS regexp_matches(x, pattern)',
  'CREATE MACRO DIV(x, y) AS x // y',
  'CREATE MACRO IS_INF(x) AS isinf(x)',
  'CREATE MACRO IS_NAN(x) AS isnan(x)',
  'CREATE MACRO SAFE_PARSE_DATE(form, x) AS CAST(try_strptime(x, form) AS DATE)',
  'CREATE MACRO SAFE_PARSE_TIME(form, x) AS CAST(try_strptime(x, form) AS TIME)',
  'CREATE MACRO SAFE_PARSE_DATETIME(form, x) AS CAST(try_strptime(x, form) AS TIMESTAMP)',
  "CREATE MACRO SAFE_PARSE_TIMESTAMP(form, x) AS CAST(try_strptime(x, form) AS TIMESTAMP) AT TIME ZONE 'UTC'",
  // DuckDB has functions of these names with other meanings.
  'CREATE MACRO BQ_REGEXP_EXTRACT(x, pattern) AS CASE WHEN regexp_matches(x, pattern) THEN regexp_extract(x, pattern, 1) END',
  'CREATE MACRO BQ_JSON_QUERY(x, path) AS CASE WHEN json_valid(x) THEN CAST(json_extract(x, path) AS VARCHAR) END',
  "CREATE MACRO BQ_JSON_VALUE(x, path) AS CASE WHEN json_valid(x) AND json_type(x, path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(x, path) END",
  "CREATE MACRO BQ_JSON_PATHS(x) AS (SELECT list(DISTINCT substr(regexp_replace(t.fullkey, '\\[[0-9]+\\]', '', 'g'), 3)) FROM json_tree(x) AS t WHERE t.key IS NOT NULL AND NOT regexp_matches(t.fullkey, '\\]$'))",
  "CREATE MACRO BQ_JSON_KEYS(x, depth, mode := 'strict') AS CASE WHEN mode = 'lax recursive' THEN BQ_JSON_PATHS(x) WHEN json_type(x) = 'OBJECT' THEN json_keys(x) ELSE [] END",
  "CREATE MACRO BQ_JSON_QUERY_ARRAY(x, path) AS CASE WHEN json_valid(x) AND json_type(x, path) = 'ARRAY' THEN CAST(json_extract(x, path || '[*]') AS VARCHAR[]) END",
  'CREATE MACRO FARM_FINGERPRINT(x) AS CAST(hash(x) >> 1 AS BIGINT)',
  'CREATE MACRO GENERATE_UUID() AS CAST(uuid() AS VARCHAR)',
  'CREATE MACRO APPROX_QUANTILES(x, n) AS quantile_disc(x, list_transform(range(0, n + 1), lambda i: i::DOUBLE / n))',
  // The form is always '%F %H:%M:%E*S'.
  "CREATE MACRO BQ_MOMENT(x) AS regexp_replace(regexp_replace(strftime(x, '%Y-%m-%d %H:%M:%S.%f'), '0+$', ''), '[.]$', '')",
  "CREATE MACRO FORMAT_TIMESTAMP(form, x) AS BQ_MOMENT(x AT TIME ZONE 'UTC')",
  'CREATE MACRO FORMAT_DATETIME(form, x) AS BQ_MOMENT(x)',
  // Shapes are their texts here.
  'CREATE TYPE GEOGRAPHY AS VARCHAR',
  'CREATE MACRO ST_ASTEXT(x) AS CAST(x AS VARCHAR)',
];

/** Stands for a backslash of a parameter, which is none of the statement's own text. */
export const backslash = '\uE000';

/**
 * One statement of GoogleSQL, as far as the warehouse writes it, in DuckDB's dialect. Names in backticks are
 * `project.dataset.table` or a column; text is in single quotes without escapes.
 */
export function toDuckdbSql(sql: string, project: string): string {
  const named = mapParts(
    sql.replace(/^(CREATE TABLE [^(]*) OPTIONS\(expiration_timestamp = TIMESTAMP '[^']*'\) AS /, '$1 AS '),
    {
      code: (code) => {
        if (code.includes('"')) refuse('invalidQuery', 'the emulator takes text in single quotes only');
        return code
          .replaceAll(/\bSAFE\./g, 'SAFE_')
          .replaceAll('SAFE_CAST(', 'TRY_CAST(')
          .replaceAll(/\b(REGEXP_EXTRACT|JSON_QUERY_ARRAY|JSON_QUERY|JSON_VALUE|JSON_KEYS)\(/g, 'BQ_$1(');
      },
      text: (text) => {
        // Raw text begins with an r; in other text GoogleSQL reads backslashes as escapes, which DuckDB does not.
        if (!text.startsWith('r') && text.includes('\\'))
          refuse('invalidQuery', 'the emulator takes backslashes in raw text only');
        return text.replace(/^r/, '');
      },
      quoted: (name) => {
        const parts = name.split('.');
        if (parts.length === 1) return `"${name}"`;
        const [owner = '', dataset = '', table] = parts;
        if (parts.length !== 3) refuse('invalidQuery', `Invalid table name: ${name}`);
        return `"${schemaOf(project, owner, dataset)}"."${table}"`;
      },
    },
  );
  const unnested = unnests(named).replaceAll(
    /UNNEST\((\[[^\]]*\])\) AS (\w+)/g,
    'UNNEST($1) AS unnested($2)',
  );
  const translated = mapCode(structs(unnested), (code) =>
    code.replaceAll(/\b[A-Z0-9]+\b/g, (word) => types[word] ?? word),
  );
  return translated.replaceAll(backslash, '\\');
}

/** Applies a change to what is neither text nor a quoted name. */
export function mapCode(sql: string, change: (code: string) => string): string {
  return sql.replaceAll(/('[^']*'|"[^"]*"|`[^`]*`)|([^'"`]+)/g, (_, quoted?: string, code?: string) =>
    code === undefined ? (quoted ?? '') : change(code),
  );
}

function mapParts(
  sql: string,
  change: {
    readonly code: (code: string) => string;
    readonly text: (text: string) => string;
    readonly quoted: (name: string) => string;
  },
): string {
  return sql.replaceAll(/\br'[^']*'|'[^']*'|`([^`]*)`|(?:(?!\br')[^'`])+/g, (part, name?: string) => {
    if (name !== undefined) return change.quoted(name);
    return /^r?'/.test(part) ? change.text(part) : change.code(part);
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

/** `UNNEST(list) AS item WITH OFFSET AS position`, whatever stands in the brackets. */
function unnests(sql: string): string {
  let made = '';
  let from = 0;
  for (;;) {
    const start = sql.indexOf('UNNEST(', from);
    if (start < 0) return made + sql.slice(from);
    const end = closingBracket(sql, start + 'UNNEST('.length);
    const list = unnests(sql.slice(start + 'UNNEST('.length, end));
    const rest = /^\) AS (\w+) WITH OFFSET AS (\w+)/.exec(sql.slice(end));
    made += sql.slice(from, start);
    made +=
      rest === null
        ? `UNNEST(${list})${list.startsWith('[') ? '' : aliased(sql.slice(end))}`
        : `(SELECT unnest(${list}) AS ${rest[1]}, generate_subscripts(${list}, 1) - 1 AS ${rest[2]})`;
    const alias = rest === null && !list.startsWith('[') ? /^\) AS \w+/.exec(sql.slice(end)) : rest;
    from = end + (alias?.[0].length ?? 1);
  }
}

function closingBracket(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length; at += 1) {
    const character = sql[at];
    if (character === "'" || character === '"') at = sql.indexOf(character, at + 1);
    else if (character === '(') depth += 1;
    else if (character === ')') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return refuse('invalidQuery', 'a bracket is not closed');
}

/** In BigQuery the name is the item's, in DuckDB the list's. */
function aliased(rest: string): string {
  const name = /^\) AS (\w+)/.exec(rest)?.[1];
  return name === undefined ? '' : ` AS of_${name}(${name})`;
}
