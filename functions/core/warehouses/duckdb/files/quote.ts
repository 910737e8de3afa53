/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as SQL, whatever characters it has. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path as SQL for DuckDB's readers, which would take `*`, `?` and `[` as a pattern. */
export function pathLiteral(path: string): string {
  return literal(path.replaceAll(/[*?[]/g, '[$&]'));
}

/** A field of a JSON value: a JSON pointer, as it takes any characters in a name. */
export function jsonField(name: string): string {
  return literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
