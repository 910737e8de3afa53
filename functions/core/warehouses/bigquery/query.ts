import { z } from 'zod';
import { asCatchmentError, fatal } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';
import type { Bigquery } from './jobs.ts';
import { select } from './sql.ts';

const dryRun = z.object({ statistics: z.object({ query: z.object({ statementType: z.string() }) }) });

/**
 * Runs SQL that only reads; names without a dataset are of the pipeline's. A dry run, which costs nothing, tells what
 * the SQL would do.
 *
 * @throws fatal `bad-input` for SQL that is wrong or writes
 */
export async function queryForPeople(bigquery: Bigquery, sql: string): Promise<QueryResult> {
  const statement = await statementType(bigquery, sql);
  if (statement !== 'SELECT')
    throw fatal('bad-input', {
      what: 'this query would change the warehouse',
      allowed: 'SQL that reads',
      todo: 'tables are written by runs only',
    });
  return select(bigquery, { what: 'the query', sql, params: {} });
}

async function statementType({ rest, settings }: Bigquery, sql: string): Promise<string> {
  const { project: projectId, location, dataset: datasetId } = settings;
  try {
    const { json } = await rest({
      what: 'the query',
      method: 'POST',
      path: 'jobs',
      json: {
        jobReference: { projectId, location },
        configuration: {
          dryRun: true,
          query: { query: sql, useLegacySql: false, defaultDataset: { projectId, datasetId } },
        },
      },
    });
    return dryRun.parse(json).statistics.query.statementType;
  } catch (cause) {
    const { message, kind } = asCatchmentError(cause);
    if (kind === 'retryable') throw cause;
    throw fatal('bad-input', { what: `the query failed: ${message}`, cause });
  }
}
