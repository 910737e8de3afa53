import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Sql } from './database.ts';
import { ident, list, literal } from './names.ts';
import { allColumns } from './types.ts';

/** Puts the rows of a query into a stage. Types are those of the declared columns; must run inside a transaction. */
export function fillStage(
  sql: Sql,
  asked: {
    readonly table: string;
    readonly target: TableTarget;
    readonly origin: string;
    readonly query: string;
  },
): number {
  const { table, target, origin, query } = asked;
  const names = target.columns.map(({ name }) => `q.${ident(name)}`).join(', ');
  const into = list(allColumns(target.columns).map(({ name }) => name));
  try {
    return sql.run(
      `INSERT INTO ${ident(table)} (${into}) SELECT ${names}, ${literal(origin)}, NULL FROM (${query}) AS q`,
    );
  } catch (error) {
    throw fatal('bad-input', {
      where: target.name,
      what: `the SQL failed: ${error instanceof Error ? error.message : String(error)}`,
      allowed: `one SELECT of the columns ${target.columns.map(({ name }) => name).join(', ')}`,
      cause: error,
    });
  }
}
