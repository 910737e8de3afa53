import { fatal, isCatchmentError } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';
import { readCell } from './cells.ts';
import type { Clickhouse } from './client.ts';
import { codes, refusalOf } from './errors.ts';

/** Some writing statements are taken for a query with strange names, and refused for those. */
const writing =
  /^\s*(insert|update|delete|truncate|drop|alter|create|rename|exchange|attach|detach|optimize|grant|revoke|system|kill)\b/i;

/**
 * Runs SQL that only reads. Tables are read with `final = 1`, so rows that were replaced or deleted do not show.
 *
 * @throws fatal `bad-input` for SQL that is wrong or writes
 */
export async function queryForPeople(clickhouse: Clickhouse, sql: string): Promise<QueryResult> {
  try {
    const settings = { readonly: 2, final: 1 };
    const { columns, types, rows } = await clickhouse.select({ what: 'the query', sql, settings });
    return {
      columns,
      rows: rows.map((row) => row.map((value, index) => readCell(types[index] ?? '', value))),
    };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== undefined && (refusal.code === codes.readonly || writing.test(sql)))
      throw fatal('bad-input', {
        what: 'this query would change the warehouse',
        allowed: 'SQL that reads',
        todo: 'tables are written by runs only',
      });
    if (
      refusal === undefined ||
      !isCatchmentError(error) ||
      error.kind === 'retryable' ||
      error.code === 'auth'
    )
      throw error;
    throw fatal('bad-input', { what: `the query failed: ${error.facts.what}`, cause: error });
  }
}
