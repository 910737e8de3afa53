import type { DuckDBConnection } from '@duckdb/node-api';
import { fatal } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';

/**
 * Runs SQL that only reads.
 *
 * @throws fatal `bad-input` for SQL that is wrong or writes
 */
export async function queryForPeople(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  await connection.run('BEGIN TRANSACTION READ ONLY');
  try {
    const reader = await connection.runAndReadAll(sql);
    const columns = reader.deduplicatedColumnNames();
    const types = reader.columnTypes().map(String);
    return {
      columns,
      rows: reader.getRowsJson().map((row) => row.map((value, index) => readable(value, types[index]))),
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isWrite = /read-only/i.test(text);
    throw fatal('bad-input', {
      what: isWrite ? 'this query would change the warehouse' : `the query failed: ${text}`,
      ...(isWrite ? { allowed: 'SQL that reads', todo: 'tables are written by runs only' } : {}),
      cause: error,
    });
  } finally {
    await connection.run('ROLLBACK').catch(() => undefined);
  }
}

const wideIntegers = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT']);

/** The binding gives wide integers as text; those that a number holds exactly become numbers again. */
function readable(value: unknown, type: string | undefined): unknown {
  if (typeof value !== 'string' || type === undefined || !wideIntegers.has(type)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
