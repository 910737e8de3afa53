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
  return literal(pointer([name]));
}

/** The way into a JSON value as a JSON pointer; `$` for the value itself. */
export function pointer(path: readonly string[]): string {
  if (path.length === 0) return '$';
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
