import type { QueryArrayConfig } from 'pg';
import { fatal, isCatchmentError } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';
import type { Database, Sql } from './database.ts';
import { codeOf } from './errors.ts';

/**
 * Runs one statement that only reads.
 *
 * @throws fatal `bad-input` for SQL that is wrong, writes, or is several statements
 */
export async function queryForPeople(database: Database, sql: string): Promise<QueryResult> {
  refuseOthers(sql);
  return database.run(async (session) => {
    await session.run('BEGIN TRANSACTION READ ONLY');
    try {
      return await readAll(session, sql);
    } catch (error) {
      const code = codeOf(error);
      if (code === '25006') throw refusal('this query would change the warehouse', error);
      // What is wrong with the statement itself; all else is the server's trouble.
      if (isCatchmentError(error) || !/^(0A|2[0-9]|34|42|3F|P0)/.test(code)) throw error;
      throw fatal('bad-input', { what: `the query failed: ${(error as Error).message}`, cause: error });
    } finally {
      await session.run('ROLLBACK').catch(() => undefined);
    }
  });
}

async function readAll({ client }: Sql, text: string): Promise<QueryResult> {
  // The extended protocol takes one statement only.
  const config = { text, rowMode: 'array', queryMode: 'extended', types: asText } as const;
  const { fields, rows } = await client.query(config as QueryArrayConfig);
  return {
    columns: fields.map(({ name }) => name),
    rows: rows.map((row: (string | null)[]) =>
      row.map((value, index) => readable(value, fields[index]?.dataTypeID ?? 0)),
    ),
  };
}

/** All values as the server writes them. */
const asText = { getTypeParser: () => (value: unknown) => value };

/** A transaction that is read-only guards tables, and nothing else: COPY writes files, and SET outlives it. */
function refuseOthers(sql: string): void {
  const bare = sql.replace(/^(\s|;|--[^\n]*(\n|$)|\/\*.*?\*\/)*/s, '');
  if (bare === '') throw fatal('bad-input', { what: 'there is no query', allowed: 'one SQL statement' });
  const outside =
    /^(abort|begin|call|checkpoint|close|commit|copy|deallocate|declare|discard|do|end|listen|load|lock|notify|prepare|release|reset|rollback|savepoint|set|start|unlisten|vacuum)\b/i;
  if (outside.test(bare)) throw refusal('this statement does more than read');
}

function refusal(what: string, cause?: unknown) {
  return fatal('bad-input', {
    what,
    allowed: 'SQL that reads',
    todo: 'tables are written by runs only',
    cause,
  });
}

const oids = { bool: 16, int8: 20, int2: 21, int4: 23, oid: 26, float4: 700, float8: 701, numeric: 1700 };

/** A number where a number holds it exactly, a boolean, or the server's text. */
function readable(value: string | null, type: number): unknown {
  if (value === null) return null;
  switch (type) {
    case oids.bool:
      return value === 't';
    case oids.float4:
    case oids.float8:
      return Number.isFinite(Number(value)) ? Number(value) : value;
    case oids.int2:
    case oids.int4:
    case oids.int8:
    case oids.oid:
    case oids.numeric:
      return /^-?\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : value;
    default:
      return value;
  }
}
