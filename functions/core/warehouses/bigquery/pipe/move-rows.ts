import { z } from 'zod';
import { fatal } from '../../../errors.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Quarantined } from '../../../rows/check.ts';
import { mask } from '../../../rows/mask.ts';
import { rowColumn } from '../fields.ts';
import type { Bigquery } from '../jobs.ts';
import { jobId, runJob } from '../jobs.ts';
import { ident, tableRef } from '../names.ts';
import type { Params } from '../params.ts';
import { queryParameters } from '../params.ts';
import { select } from '../sql.ts';
import type { CellSql } from './canonical-sql.ts';

/** Rows as they were loaded, mostly texts, and how a stage's columns are made of them. */
export interface RawRows {
  /** Table of the dataset. */
  readonly table: string;
  /** Cells of the schema columns that the rows have, about the alias `r`. */
  readonly cells: readonly (CellSql & { readonly column: string; readonly shown: string })[];
  /** SQL of `_extra` as text. */
  readonly extra: string;
  /** SQL of a row's position in the stage. */
  readonly position: string;
  /** Condition of the rows that count. */
  readonly where: string;
  /** Named in the SQL of the cells and of `extra`; no two raw tables share a name. */
  readonly params: Params;
  /** Position of the first row, when positions are those of the file. */
  readonly first?: number | undefined;
}

/** Bad rows that come back in detail; the others are counted only. */
export const detailedRows = 10_000;

/**
 * Moves rows that fit the schema into a stage, all or nothing, in one statement.
 *
 * @returns rows moved
 */
export async function moveRows(
  bigquery: Bigquery,
  move: {
    readonly target: TableTarget;
    readonly stageTable: string;
    readonly origin: string;
    readonly raw: readonly RawRows[];
  },
): Promise<number> {
  const { target, stageTable, origin, raw } = move;
  // A column that no row has is left out: NULL alone has no type where selects are put together.
  const given = target.columns.filter(({ name }) =>
    raw.some(({ cells }) => cells.some((cell) => cell.column === name)),
  );
  const hasExtra = raw.some(({ extra }) => extra !== 'NULL');
  const names = [...given.map(({ name }) => name), '_origin', ...(hasExtra ? ['_extra'] : []), rowColumn];
  const selects = raw.map(({ table, cells, extra, position, where }) => {
    const values = given.map(({ name }) => cells.find(({ column }) => column === name)?.value ?? 'NULL');
    const isBad = cells.flatMap(({ flaws }) => flaws.map(({ when }) => `(${when})`)).join(' OR ') || 'FALSE';
    return (
      `SELECT ${[...values, '@origin', ...(hasExtra ? [extra] : []), position].join(', ')} FROM ${tableRef(bigquery.settings, table)} AS r ` +
      `WHERE ${where} AND NOT (${isBad})`
    );
  });
  const query =
    `INSERT INTO ${tableRef(bigquery.settings, stageTable)} (${names.map(ident).join(', ')}) ` +
    selects.join(' UNION ALL ');
  const what = `checking rows for ${target.dataset}.${target.name}`;
  const done = await runJob(bigquery, {
    what,
    id: jobId('move', stageTable, ...raw.map(({ table }) => table)),
    configuration: {
      query: {
        query,
        useLegacySql: false,
        parameterMode: 'NAMED',
        queryParameters: queryParameters(Object.assign({ origin }, ...raw.map(({ params }) => params))),
      },
    },
  });
  const moved = done.statistics.query?.numDmlAffectedRows;
  if (moved === undefined)
    throw fatal('warehouse', { what: `BigQuery: ${what} did not tell how many rows it moved` });
  return Number(moved);
}

const badRow = z.tuple([z.coerce.number(), z.number(), z.string().nullable()]);

/** The rows that were left behind, with the first thing that is wrong with each. */
export async function readBadRows(bigquery: Bigquery, raw: RawRows): Promise<readonly Quarantined[]> {
  const flaws = raw.cells.flatMap((cell) => cell.flaws.map((flaw) => ({ ...flaw, cell })));
  if (flaws.length === 0) return [];
  const shown = (text: string) =>
    `IF(LENGTH(${text}) > 1000, CONCAT(SUBSTR(${text}, 1, 500), SUBSTR(${text}, -500)), ${text})`;
  const number = flaws.map(({ when }, index) => `WHEN ${when} THEN ${index}`).join(' ');
  const value = flaws.map(({ when, cell }) => `WHEN ${when} THEN ${shown(cell.shown)}`).join(' ');
  const { rows } = await select(bigquery, {
    what: 'reading the rows that break the schema',
    sql:
      `SELECT ${raw.first === undefined ? '0' : raw.position} AS row_index, (CASE ${number} END) AS flaw, (CASE ${value} END) AS shown ` +
      `FROM ${tableRef(bigquery.settings, raw.table)} AS r ` +
      `WHERE ${raw.where} AND (${flaws.map(({ when }) => `(${when})`).join(' OR ')}) ` +
      `ORDER BY row_index LIMIT ${detailedRows}`,
    params: usedParams(raw),
  });
  return rows.map((row): Quarantined => {
    const [at, flaw, text] = badRow.parse(row);
    const found = flaws[flaw];
    return {
      row: raw.first === undefined ? undefined : at - raw.first,
      path: found?.path ?? found?.cell.column ?? '',
      reason: found?.reason ?? '',
      masked: mask(text),
    };
  });
}

/** BigQuery refuses a query with a parameter that it does not name; those of `_extra` alone are not needed here. */
function usedParams({ cells, params }: RawRows): Params {
  const sql = cells.flatMap(({ flaws, shown }) => [shown, ...flaws.map(({ when }) => when)]).join(' ');
  return Object.fromEntries(Object.entries(params).filter(([name]) => new RegExp(`@${name}\\b`).test(sql)));
}
