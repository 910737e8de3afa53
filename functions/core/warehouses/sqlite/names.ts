import type { TableTarget } from '../../pipeline.ts';

/** SQLite has no schemas: a dataset is a prefix, and tables of the dataset `main` have none. */
export function tableOf({ dataset, name }: Pick<TableTarget, 'dataset' | 'name'>): string {
  return dataset === 'main' ? name : `${dataset}_${name}`;
}

export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function list(names: readonly string[]): string {
  return names.map(ident).join(', ');
}
