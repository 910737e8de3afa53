import type * as DuckDB from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBValueConverter, Json } from '@duckdb/node-api';
import { fatal, isCatchmentError } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';

type Api = typeof DuckDB;

/**
 * Runs one statement that only reads.
 *
 * @throws fatal `bad-input` for SQL that is wrong, writes, or is several statements
 */
export async function queryForPeople(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  const api = await import('@duckdb/node-api');
  await connection.run('BEGIN TRANSACTION READ ONLY');
  try {
    await refuseOthers(api, connection, sql);
    const reader = await connection.runAndReadAll(sql);
    return { columns: reader.deduplicatedColumnNames(), rows: reader.convertRows(readableBy(api)) };
  } catch (error) {
    if (isCatchmentError(error)) throw error;
    const text = error instanceof Error ? error.message : String(error);
    if (/read-only/i.test(text)) throw refusal('this query would change the warehouse', error);
    throw fatal('bad-input', {
      what: `the query failed: ${text.replace(/^Failed to extract statements: /, '').trim()}`,
      cause: error,
    });
  } finally {
    await connection.run('ROLLBACK').catch(() => undefined);
  }
}

/**
 * A transaction that is read-only guards tables, and nothing else: a COMMIT would end it, and ATTACH, COPY and SET are
 * outside of it.
 */
async function refuseOthers(api: Api, connection: DuckDBConnection, sql: string): Promise<void> {
  if (/^[\s;]*$/.test(sql))
    throw fatal('bad-input', { what: 'there is no query', allowed: 'one SQL statement' });
  const { StatementType } = api;
  const statements = await connection.extractStatements(sql);
  const first = await statements.prepare(0);
  const { statementType } = first;
  first.destroySync();
  // PIVOT is a CREATE TYPE of its own and a SELECT; other writes are told by the transaction.
  if (statements.count > 1 && statementType !== StatementType.CREATE)
    throw fatal('bad-input', {
      what: 'these are several statements',
      got: statements.count,
      allowed: 'one SQL statement',
    });
  const outside = [
    StatementType.TRANSACTION,
    StatementType.ATTACH,
    StatementType.DETACH,
    StatementType.COPY,
    StatementType.EXPORT,
    StatementType.SET,
    StatementType.VARIABLE_SET,
    StatementType.LOAD,
    StatementType.VACUUM,
    StatementType.UPDATE_EXTENSIONS,
  ];
  if (outside.includes(statementType)) throw refusal('this statement does more than read');
}

function refusal(what: string, cause?: unknown) {
  return fatal('bad-input', {
    what,
    allowed: 'SQL that reads',
    todo: 'tables are written by runs only',
    cause,
  });
}

/** Like the binding's own JSON, but integers that a number holds exactly are numbers, at any depth. */
function readableBy(api: Api): DuckDBValueConverter<Json> {
  const readable: DuckDBValueConverter<Json> = (value, type) =>
    typeof value === 'bigint' && BigInt.asIntN(54, value) === value
      ? Number(value)
      : api.JsonDuckDBValueConverter(value, type, readable);
  return readable;
}
