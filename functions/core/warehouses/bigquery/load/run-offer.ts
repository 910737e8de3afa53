import { z } from 'zod';
import { asCatchmentError, fatal } from '../../../errors.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { QueryOffer } from '../../../query-offer.ts';
import type { LoadedFiles } from '../../warehouse.ts';
import type { ResultField } from '../cells.ts';
import { resultField } from '../cells.ts';
import { rowColumn } from '../fields.ts';
import { anyPosition } from '../fill.ts';
import type { Bigquery, DoneJob } from '../jobs.ts';
import { jobId, runJob } from '../jobs.ts';
import { ident, tableRef } from '../names.ts';
import { queryParameters } from '../params.ts';
import type { RawRows } from '../pipe/move-rows.ts';
import { moveRows, readBadRows } from '../pipe/move-rows.ts';
import { dropTable, lifeMs } from '../pipe/raw-table.ts';
import { select } from '../sql.ts';
import { offerCell } from './offer-cell.ts';

export interface OfferRequest {
  readonly target: TableTarget;
  readonly origin: string;
  readonly stageTable: string;
  /** Of the table of rows that must be checked. No two offers share it. */
  readonly rawName: string;
  readonly offer: QueryOffer;
  /** Makes the staging table, if it is not there. */
  readonly createStage: () => Promise<void>;
}

/**
 * Runs a source's query where its tables are. Rows that cannot break the schema go right into the stage, in one statement;
 * others go into a table first, which is read a second time, so that those that break it come back.
 *
 * @returns undefined when the pages must be taken instead
 */
export async function runOffer(
  bigquery: Bigquery,
  request: OfferRequest,
): Promise<(LoadedFiles & { readonly staged: number }) | undefined> {
  const { target, offer } = request;
  if (offer.location.toLowerCase() !== bigquery.settings.location.toLowerCase()) return undefined;
  const made = cellsOf(request, await fieldsOf(bigquery, offer, target));
  if (made === undefined) return undefined;
  await request.createStage();
  if (made.cells.every(({ flaws }) => flaws.length === 0)) {
    const staged = await insert(bigquery, request, made);
    return { read: staged, staged, bytes: 0, quarantined: [], drift: [] };
  }
  return checkApart(bigquery, request, made);
}

const dryRun = z.object({
  statistics: z.object({
    query: z.object({ schema: z.object({ fields: z.array(resultField) }).optional() }).optional(),
  }),
});

/**
 * What the query gives; a dry run tells, and costs nothing. None when BigQuery refuses it here: the source asks for the pages
 * then, and has its own words for what is wrong.
 */
async function fieldsOf(
  { rest, settings }: Bigquery,
  { sql }: QueryOffer,
  target: TableTarget,
): Promise<readonly ResultField[]> {
  const { project: projectId, location } = settings;
  try {
    const { json } = await rest({
      what: whatOf(target),
      method: 'POST',
      path: 'jobs',
      json: {
        jobReference: { projectId, location },
        configuration: { dryRun: true, query: { query: sql, useLegacySql: false } },
      },
    });
    return dryRun.parse(json).statistics.query?.schema?.fields ?? [];
  } catch (error) {
    if (asCatchmentError(error).kind === 'retryable') throw error;
    return [];
  }
}

/** How a stage's columns are made of the query's, about the alias `r`. */
type Made = Pick<RawRows, 'cells' | 'extra'>;

function cellsOf({ target, offer }: OfferRequest, fields: readonly ResultField[]): Made | undefined {
  const cells: RawRows['cells'][number][] = [];
  const extra = fields.find(({ name }) => name === '_extra');
  for (const field of fields) {
    if (field === extra) continue;
    // BigQuery's names differ in case only.
    const column = target.columns.find(({ name }) => name.toLowerCase() === field.name.toLowerCase());
    if (column === undefined) return undefined;
    const value = `r.${ident(field.name)}`;
    const isSafe = column.mode === 'REQUIRED' && offer.neverNull.includes(column.name);
    const cell = offerCell(isSafe ? { ...column, mode: 'NULLABLE' } : column, field, value);
    if (cell === undefined) return undefined;
    const isText = field.mode !== 'REPEATED' && castable.has(field.type);
    cells.push({ ...cell, column: column.name, shown: isText ? `CAST(${value} AS STRING)` : noText });
  }
  if (cells.length === 0) return undefined;
  return { cells, extra: extra === undefined ? 'NULL' : `r.${ident(extra.name)}` };
}

const noText = 'CAST(NULL AS STRING)';

/** Types of values that are shown, masked, when they are bad. */
const castable: ReadonlySet<string> = new Set([
  ...['STRING', 'INTEGER', 'INT64', 'FLOAT', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'BOOLEAN', 'BOOL'],
  ...['DATE', 'TIME', 'DATETIME', 'TIMESTAMP'],
]);

async function insert(bigquery: Bigquery, request: OfferRequest, { cells, extra }: Made): Promise<number> {
  const { origin, stageTable, offer } = request;
  const names = [...cells.map(({ column }) => column), '_origin', '_extra', rowColumn].map(ident);
  const values = [...cells.map(({ value }) => value), '@origin', extra, anyPosition];
  const query =
    `INSERT INTO ${tableRef(bigquery.settings, stageTable)} (${names.join(', ')}) ` +
    `SELECT ${values.join(', ')} FROM (${offer.sql}\n) AS r`;
  const { statistics } = await run(bigquery, request, {
    query,
    parameterMode: 'NAMED',
    queryParameters: queryParameters({ origin }),
  });
  const rows = statistics.query?.numDmlAffectedRows;
  if (rows !== undefined) return Number(rows);
  throw fatal('warehouse', {
    what: `BigQuery: ${whatOf(request.target)} did not tell how many rows it moved`,
  });
}

async function checkApart(bigquery: Bigquery, request: OfferRequest, { cells, extra }: Made) {
  const { target, origin, stageTable, rawName, offer } = request;
  const table = tableRef(bigquery.settings, rawName);
  const ends = new Date(bigquery.settings.now().getTime() + lifeMs).toISOString();
  try {
    await run(bigquery, request, {
      query: `CREATE TABLE IF NOT EXISTS ${table} OPTIONS(expiration_timestamp = TIMESTAMP '${ends}') AS ${offer.sql}`,
    });
    const counted = await select(bigquery, {
      what: whatOf(target),
      sql: `SELECT COUNT(*) AS n FROM ${table}`,
      params: {},
    });
    const read = Number(counted.rows[0]?.[0] ?? 0);
    const raw: RawRows = {
      ...{ table: rawName, cells, extra, position: anyPosition, where: 'TRUE', params: {} },
    };
    const staged = await moveRows(bigquery, { target, stageTable, origin, raw: [raw] });
    const quarantined = staged < read ? await readBadRows(bigquery, raw) : [];
    return { read, staged, bytes: 0, quarantined, drift: [] };
  } finally {
    // It expires anyhow, and an error here would hide the one that matters.
    await dropTable(bigquery, rawName).catch(() => undefined);
  }
}

/** A stage asks each offer once, so its table and what comes of it name the job: a lost answer runs nothing twice. */
function run(
  bigquery: Bigquery,
  { target, rawName, offer }: OfferRequest,
  query: Readonly<Record<string, unknown>>,
): Promise<DoneJob> {
  const maximumBytesBilled = String(Math.round(offer.maximumBytesBilled));
  return runJob(bigquery, {
    what: whatOf(target),
    id: jobId('offer', rawName),
    configuration: { query: { ...query, useLegacySql: false, maximumBytesBilled } },
    explain: (refusal) => offer.explain(refusal),
  });
}

function whatOf({ dataset, name }: TableTarget): string {
  return `reading rows for ${dataset}.${name}`;
}
