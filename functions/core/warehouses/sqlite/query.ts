import type { SQLOutputValue } from 'node:sqlite';
import { fatal, isCatchmentError } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';
import { codeOf } from './errors.ts';

/** SQLite's code for a read-only file. https://sqlite.org/rescode.html#readonly */
const readOnlyCode = 8;
/** SQLite's code for what an authorizer denies. https://sqlite.org/rescode.html#auth */
const denied = 23;

/**
 * Runs one statement that only reads, on a connection of its own that cannot write.
 *
 * @throws fatal `bad-input` for SQL that is wrong, writes, or is several statements
 */
export async function queryForPeople(path: string, sql: string): Promise<QueryResult> {
  if (/^[\s;]*$/.test(sql))
    throw fatal('bad-input', { what: 'there is no query', allowed: 'one SQL statement' });
  const { constants, DatabaseSync } = await import('node:sqlite');
  const connection = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    // A read-only connection could still attach and create other files.
    const outside: readonly number[] = [constants.SQLITE_ATTACH, constants.SQLITE_DETACH];
    connection.setAuthorizer((action) =>
      outside.includes(action) ? constants.SQLITE_DENY : constants.SQLITE_OK,
    );
    const statement = connection.prepare(sql);
    const rest = sql.slice(sql.indexOf(statement.sourceSQL) + statement.sourceSQL.length);
    if (!/^[\s;]*$/.test(rest))
      throw fatal('bad-input', { what: 'these are several statements', allowed: 'one SQL statement' });
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const columns = statement.columns();
    const rows = statement.all() as unknown as SQLOutputValue[][];
    return {
      columns: columns.map(({ name }) => name),
      rows: rows.map((row) => row.map((value, index) => readable(value, columns[index]?.type ?? null))),
    };
  } catch (error) {
    if (isCatchmentError(error)) throw error;
    const code = codeOf(error);
    const text = error instanceof Error ? error.message : String(error);
    if (code === readOnlyCode || code === denied || /not authorized/.test(text))
      throw fatal('bad-input', {
        what: 'this query would change the warehouse',
        allowed: 'SQL that reads',
        todo: 'tables are written by runs only',
        cause: error,
      });
    throw fatal('bad-input', { what: `the query failed: ${text}`, cause: error });
  } finally {
    connection.close();
  }
}

/** Integers that a number holds exactly become numbers, larger ones text; bytes become hexadecimal digits. */
function readable(value: SQLOutputValue, type: string | null): unknown {
  if (typeof value === 'bigint') {
    if (type === 'BOOLEAN') return value !== 0n;
    return BigInt.asIntN(54, value) === value ? Number(value) : String(value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
