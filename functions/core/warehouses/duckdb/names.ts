/** A name as SQL, whatever characters it has. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A table of a dataset as SQL. */
export function tableName({ dataset, name }: { readonly dataset: string; readonly name: string }): string {
  return `${ident(dataset)}.${ident(name)}`;
}
