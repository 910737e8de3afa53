import { asCatchmentError, fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import { sqlType } from './columns-sql.ts';
import { rowColumn } from './fields.ts';
import type { Bigquery, DoneJob } from './jobs.ts';
import { callId, runJob } from './jobs.ts';
import { ident, tableRef } from './names.ts';
import { queryParameters } from './params.ts';

/**
 * SQL of a position for a row that has none. A counter would be one machine's work for a whole table; that two of a
 * thousand million rows get the same number has odds of three in a hundred, and then a count is one too small.
 */
export const anyPosition = 'FARM_FINGERPRINT(GENERATE_UUID())';

/** Inserts what a query of the same warehouse gives, all or nothing. Names without a dataset are of the pipeline's. */
export async function fillStage(
  bigquery: Bigquery,
  fill: {
    readonly target: TableTarget;
    readonly origin: string;
    readonly stageTable: string;
    readonly query: string;
  },
): Promise<number> {
  const { target, origin, stageTable, query } = fill;
  const { project: projectId, dataset: datasetId } = bigquery.settings;
  const names = [...target.columns.map(({ name }) => name), '_origin', rowColumn].map(ident);
  const values = target.columns.map((column) => {
    const value = `q.${ident(column.name)}`;
    if (column.type === 'RECORD' || column.mode === 'REPEATED') return value;
    // A stage keeps JSON as text.
    return column.type === 'JSON' ? `TO_JSON_STRING(${value})` : `CAST(${value} AS ${sqlType(column)})`;
  });
  const sql =
    `INSERT INTO ${tableRef(bigquery.settings, stageTable)} (${names.join(', ')}) ` +
    `SELECT ${[...values, '@origin', anyPosition].join(', ')} FROM (${query}\n) AS q`;
  const done = await run(bigquery, `computing ${target.dataset}.${target.name}`, {
    query: sql,
    useLegacySql: false,
    parameterMode: 'NAMED',
    queryParameters: queryParameters({ origin }),
    defaultDataset: { projectId, datasetId },
  });
  return Number(done.statistics.query?.numDmlAffectedRows ?? 0);
}

async function run(bigquery: Bigquery, what: string, query: unknown): Promise<DoneJob> {
  try {
    return await runJob(bigquery, { what, id: callId('fill'), configuration: { query } });
  } catch (cause) {
    const { kind, message } = asCatchmentError(cause);
    if (kind === 'retryable') throw cause;
    throw fatal('bad-input', { what: message, todo: 'correct the query', cause });
  }
}
