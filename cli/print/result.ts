import type { QueryResult } from '../../functions/core/warehouses/warehouse.ts';
import { csvLine } from './csv.ts';
import { renderTable } from './table.ts';

/** A table that fits `width`; says which columns had no room. */
export function resultLines({ columns, rows }: QueryResult, width: number): readonly string[] {
  const { lines, hidden } = renderTable({
    columns: columns.map((title, at) => ({ title, align: isNumeric(rows, at) ? 'right' : 'left' })),
    rows: rows.map((row) => row.map(cellText)),
    width,
  });
  if (hidden.length === 0) return lines;
  return [...lines, `no room for ${hidden.join(', ')}: use a wider terminal, --csv or --json`];
}

export function resultCsv({ columns, rows }: QueryResult): string {
  return [columns, ...rows].map(csvLine).join('');
}

/** One object per row; of columns with the same name, the later ones get `_2`, `_3`. */
export function resultObjects({ columns, rows }: QueryResult): readonly Record<string, unknown>[] {
  const names = columns.map((name, at) => {
    const earlier = columns.slice(0, at).filter((other) => other === name).length;
    return earlier === 0 ? name : `${name}_${earlier + 1}`;
  });
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
}

function isNumeric(rows: QueryResult['rows'], at: number): boolean {
  const values = rows.map((row) => row[at]).filter((value) => value !== null);
  return values.length > 0 && values.every((value) => typeof value === 'number');
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
