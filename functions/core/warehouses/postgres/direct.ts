import { literal } from '../../files/quote.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Database, Sql } from './database.ts';
import { isPlain } from './plain-table.ts';
import type { StageTables } from './stage-tables.ts';
import { tableName } from './tables.ts';
import { originSetting } from './types.ts';

/**
 * A stage that saves a second writing of its rows: they go to where they will stay, inside a transaction that stays open
 * until the commit ends it. Nobody sees them before, and a crash leaves nothing.
 *
 * - `append`: into the final table
 * - `replace`: into a new table that takes the final one's name
 */
export interface Direct {
  readonly sql: Sql;
  readonly kind: 'final' | 'next';
  /** Where rows go. */
  readonly table: string;
  /** Runs one attempt; its failure leaves what earlier attempts brought. */
  attempt<T>(work: (into: { readonly table: string; readonly isNew: boolean }) => Promise<T>): Promise<T>;
  /** Ends the transaction for good: `COMMIT` or `ROLLBACK`. */
  end(how: 'COMMIT' | 'ROLLBACK'): Promise<void>;
}

/** True when rows of this table may go straight to where they stay. */
export function mayBeDirect({ writeMode }: TableTarget): boolean {
  return writeMode === 'append' || writeMode === 'replace';
}

/** @returns undefined for a table that cannot be swapped and whose key tells which few of its rows must be written */
export async function openDirect(
  database: Database,
  tables: StageTables,
  target: TableTarget,
  origin: string,
): Promise<Direct | undefined> {
  const kind = target.writeMode === 'append' ? 'final' : 'next';
  const table = kind === 'final' ? tableName(target) : await tables.nextName();
  const sql = await database.connect();
  let isMade = kind === 'final';
  let hasEnded = false;
  const end: Direct['end'] = async (how) => {
    if (hasEnded) return;
    hasEnded = true;
    try {
      await sql.run(how);
      await database.giveBack(sql);
    } catch (error) {
      await database.giveBack(sql, true);
      if (how === 'COMMIT') throw database.explain(error);
    }
  };
  try {
    if (kind === 'next' && target.key.length > 0 && !(await isPlain(sql, target))) {
      await database.giveBack(sql);
      return undefined;
    }
    await sql.run(`BEGIN; SET LOCAL ${originSetting} = ${literal(origin)}`);
  } catch (error) {
    await database.giveBack(sql, true);
    throw database.explain(error);
  }
  return {
    sql,
    kind,
    table,
    end,
    async attempt(work) {
      await sql.run('SAVEPOINT piped');
      try {
        const isNew = !isMade;
        // In the same subtransaction as the COPY, which may freeze its rows then.
        if (isNew) await sql.run(`CREATE TABLE ${table} (LIKE ${tableName(target)} INCLUDING ALL)`);
        const result = await work({ table, isNew });
        await sql.run('RELEASE SAVEPOINT piped');
        isMade = true;
        return result;
      } catch (error) {
        // A connection that is gone took all with it; the error at hand says more.
        await sql.run('ROLLBACK TO SAVEPOINT piped').catch(() => undefined);
        throw error;
      }
    },
  };
}
