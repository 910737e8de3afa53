import type { WatermarkRange } from '../../core/cursor.ts';
import { fatal } from '../../core/errors.ts';
import type { QueryOffer, QueryPlace } from '../../core/query-offer.ts';
import type { Column } from '../../core/schema.ts';
import { pairColumns } from '../columns.ts';
import type { Context, Database, Piece, ProbeContext } from '../database.ts';
import { logNews } from '../news.ts';
import { findRanges, rangeSql } from '../ranges.ts';
import type { DatabaseOptions, DatabaseSettings } from '../source.ts';
import { findWatermark } from '../watermark.ts';
import type { Api } from './api.ts';
import { createApi, explain } from './api.ts';
import { inspectBigquery } from './inspect.ts';
import type { BigqueryColumn, Relation } from './relation.ts';
import { findRelation, quoteName } from './relation.ts';
import { rowsOf, textOf } from './rows.ts';
import { fitting, watermarkOf } from './watermark.ts';

/** Tables and queries of BigQuery, of any project that the service account may read. */
export const bigquery: Database = { read, probe, inspect: inspectBigquery };

async function* read(context: Context): AsyncGenerator<Piece, void, undefined> {
  const { slice, settings, http, columns, log } = context;
  const { table, options, range } = slice;
  const api = createApi(http, settings, table);
  const relation = await findRelation(api, options, settings, table);
  const { pairs, news } = pair(relation, { table, columns, options });
  logNews(log, table, news);
  const where =
    range === undefined
      ? ''
      : ` WHERE ${rangeSql(watermarkOf(findWatermark(pairs, slice.field, { fitting, table })), range)}`;
  const select = pairs.map(({ source, column }) => `${quoteName(source.name)} AS ${quoteName(column.name)}`);
  const sql = `SELECT ${select.join(', ')} FROM ${relation.sql}${where}`;
  const { bytes } = await api.dryRun(sql);
  const limit = settings.maximumGigabytesBilled * 1e9;
  if (bytes !== undefined && bytes > limit)
    throw fatal('vendor', {
      where: table,
      what: `the query would read ${(bytes / 1e9).toFixed(1)} GB, more than maximumGigabytesBilled`,
      got: settings.maximumGigabytesBilled,
      todo: 'read fewer columns, name a watermark by which the table is partitioned, or raise it',
    });
  const offer: QueryOffer = {
    system: 'bigquery',
    location: settings.location ?? '',
    sql,
    neverNull: pairs.flatMap(({ column, source }) => (source.isRequired === true ? [column.name] : [])),
    maximumBytesBilled: limit,
    explain: (refusal) => explain(refusal, settings, table),
    pages: () => pagesOf(api, { sql, readers: settings.readers }, columns),
  };
  yield { query: offer };
}

async function* pagesOf(
  api: Api,
  { sql, readers }: { readonly sql: string; readonly readers: number },
  columns: readonly Column[],
) {
  let isFirst = true;
  for await (const page of api.select(sql, readers)) {
    const rows = rowsOf({ ...page, fields: named(page.fields, columns) });
    yield isFirst ? { rows, total: page.total } : { rows };
    isFirst = false;
  }
}

async function probe(context: ProbeContext): Promise<readonly WatermarkRange[]> {
  const { table, options, settings, http, columns, field, from, isOpen, queries } = context;
  const api = createApi(http, settings, table);
  const relation = await findRelation(api, options, settings, table);
  const { pairs } = pair(relation, { table, columns, options });
  const found = findWatermark(pairs, field, { fitting, table });
  const isTakenWhole = isSamePlace(queries, settings);
  return findRanges({
    relation: relation.sql,
    watermark: watermarkOf(found, relation.filteredBy === found.source.name),
    estimate: relation.rows,
    // Each range of a table that is not laid out by the watermark would be charged as the whole table.
    chunkRows: isTakenWhole || !relation.layout.includes(found.source.name) ? undefined : options.chunkRows,
    // To sort a column of any size is what BigQuery does worst, and to sketch it what it does best.
    edges: (where, parts) => quantilesSql(quoteName(found.source.name), `${relation.sql}${where}`, parts),
    from,
    isOpen,
    ask: async (sql) => {
      const rows: (string | null)[][] = [];
      for await (const page of api.select(sql))
        for (const { f } of page.rows) rows.push(page.fields.map((each, index) => textOf(each, f[index]?.v)));
      return rows;
    },
  });
}

function isSamePlace(place: QueryPlace | undefined, { location = '' }: DatabaseSettings): boolean {
  return place?.system === 'bigquery' && place.location.toLowerCase() === location.toLowerCase();
}

/** https://cloud.google.com/bigquery/docs/reference/standard-sql/approximate_aggregate_functions#approx_quantiles */
function quantilesSql(name: string, from: string, parts: number): string {
  return (
    `SELECT DISTINCT edge FROM UNNEST((SELECT APPROX_QUANTILES(${name}, ${parts}) FROM ${from})) AS edge WITH OFFSET AS place ` +
    `WHERE place > 0 AND place < ${parts} ORDER BY edge`
  );
}

/** BigQuery may know no columns of a query beforehand: then the schema file is believed, and the query says what lacks. */
function pair(
  relation: Relation,
  { table, columns, options }: { table: string; columns: readonly Column[]; options: DatabaseOptions },
) {
  const found =
    relation.columns.length > 0
      ? relation.columns
      : columns.map(
          ({ name, type, sourceName }): BigqueryColumn => ({
            name: sourceName ?? name,
            type,
            fullType: type,
          }),
        );
  return pairColumns({ table, columns, found, options });
}

/** Names as the schema file writes them: BigQuery's differ in case only. */
function named<F extends { readonly name: string }>(fields: readonly F[], columns: readonly Column[]): F[] {
  return fields.map((field) => {
    const column = columns.find(({ name }) => name.toLowerCase() === field.name.toLowerCase());
    return column === undefined ? field : { ...field, name: column.name };
  });
}
