const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A text as a cell of the `tsv` of `bytes.ts`. */
export function escapeTsv(text: string): string {
  return text.replaceAll(/[\\\t\n\r]/g, (found) => escapes[found] ?? found);
}
