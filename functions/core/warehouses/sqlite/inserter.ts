import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Sql } from './database.ts';
import { ident, literal } from './names.ts';

/** Rows of one INSERT: half again as fast as one by one; more gain nothing. */
const together = 50;

/**
 * Puts rows into a table, many by one statement: their values one row after another. Must run inside a transaction.
 *
 * @param after values of the last columns, the same in all rows: written into the statement, which binds the fewer
 */
export type Inserter = (sql: Sql, values: readonly SQLInputValue[], after?: readonly Constant[]) => void;

export type Constant = string | null;

/** @param width values of a row, at most 600 (SQLite takes 32,766 parameters) */
export function createInserter(table: string, width: number): Inserter {
  const size = Math.max(1, Math.min(together, Math.floor(32_766 / width)));
  /** By the text of what is behind the values. */
  const many = new Map<string, StatementSync>();
  return (sql, values, after = []) => {
    const bound = width - after.length;
    const constants = after.map((value) => (value === null ? 'NULL' : literal(value)));
    const place = `(${[...Array.from({ length: bound }, () => '?'), ...constants].join(',')})`;
    const prepare = (count: number) =>
      sql.connection.prepare(
        `INSERT INTO ${ident(table)} VALUES ${Array.from({ length: count }, () => place).join(',')}`,
      );
    let from = 0;
    if (values.length >= size * bound) {
      const statement = many.get(place) ?? prepare(size);
      many.set(place, statement);
      for (; from + size * bound <= values.length; from += size * bound)
        statement.run(...values.slice(from, from + size * bound));
    }
    if (from < values.length) prepare((values.length - from) / bound).run(...values.slice(from));
  };
}
