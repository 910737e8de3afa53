import type { ByteFormat, ByteRead, ByteStream, ExactColumns } from '../../core/bytes.ts';
import { pairColumns } from '../columns.ts';
import type { Context, Piece } from '../database.ts';
import { exactColumns } from '../exact.ts';
import { logNews } from '../news.ts';
import { rangeSql } from '../ranges.ts';
import { findWatermark } from '../watermark.ts';
import type { Cell } from './cells.ts';
import { cellOf, exactTypes } from './cells.ts';
import type { MysqlConnection, MysqlPlace } from './connect.ts';
import { connectMysql } from './connect.ts';
import { mysqlError } from './errors.ts';
import { cutRelation } from './parts.ts';
import { findRelation } from './relation.ts';
import type { RowSocket } from './result.ts';
import { createRowSocket } from './result.ts';
import { openSnapshots } from './snapshot.ts';
import { fitting, watermarkOf } from './watermark.ts';
import { checkZone } from './zone.ts';

/** A slice as bytes: large tables in several parts, read side by side as of one point in time. */
export async function* readMysql(context: Context): AsyncGenerator<Piece, void, undefined> {
  const { slice, settings, secret, signal, columns, log } = context;
  const { table, options, range } = slice;
  const place = { settings, secret, signal, table };
  const { database = '', timeZone, readers } = settings;
  const first = await connectMysql(place);
  let connections: readonly MysqlConnection[] = [first];
  try {
    await checkZone(first, timeZone, table);
    const relation = await findRelation(first, options, { table, database });
    const { pairs, news } = pairColumns({ table, columns, found: relation.columns, options });
    logNews(log, table, news);
    const where =
      range && rangeSql(watermarkOf(findWatermark(pairs, slice.field, { fitting, table }), timeZone), range);
    // A small range is found by its index.
    const isWhole = range === undefined || (range.from === undefined && range.to !== undefined);
    const wanted = isWhole ? await cutRelation(first, relation, readers) : [undefined];
    connections = await openSnapshots(first, place, relation, { count: wanted.length, log });
    const parts = connections.length === wanted.length ? wanted : [undefined];
    const cells = pairs.map((pair) => cellOf(pair, timeZone));
    const names = pairs.map(({ column }) => column.name);
    const exact = exactColumns(pairs, exactTypes, 'decimal');
    const zeroDates = names.map(() => 0);
    const bytes = parts.flatMap((part, index) => {
      const connection = connections[index];
      if (connection === undefined) return [];
      const sql = selectSql(cells, relation.sql, [part, where]);
      return [rowStream({ connection, place, sql, cells, columns: names, exact, zeroDates })];
    });
    yield { bytes };
    for (const [index, count] of zeroDates.entries())
      if (count > 0)
        log.warn(
          { table, column: names[index], count },
          'dates 0000-00-00 are no dates and were stored as NULL',
        );
  } finally {
    for (const connection of connections) connection.close();
  }
}

function selectSql(cells: readonly Cell[], from: string, bounds: readonly (string | undefined)[]): string {
  const where = bounds.filter((bound) => bound !== undefined && bound !== '');
  const select = cells.map(({ sql }) => sql).join(', ');
  return `SELECT ${select} FROM ${from}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
}

interface StreamRequest {
  readonly connection: MysqlConnection;
  readonly place: MysqlPlace;
  readonly sql: string;
  readonly cells: readonly Cell[];
  readonly columns: readonly string[];
  readonly exact: ExactColumns;
  /** Counts of dates that are none, by column. */
  readonly zeroDates: number[];
}

/** One part of a relation. It is read on its own connection, whose snapshot gives the same rows each time. */
function rowStream({ connection, place, sql, cells, columns, exact, zeroDates }: StreamRequest): ByteStream {
  let socket: RowSocket | undefined;
  let isFirst = true;
  return {
    formats: ['csv', 'tsv'],
    columns,
    exact,
    open(format): ByteRead {
      let rows: number | undefined;
      socket ??= createRowSocket(connection.takeSocket());
      const chunks = socket.rows({
        sql,
        format: textFormat(format),
        kinds: cells.map(({ kind }) => kind),
        onEnd(encoder) {
          rows = encoder.rows;
          if (isFirst)
            for (const [index, count] of encoder.zeroDates.entries())
              zeroDates[index] = (zeroDates[index] ?? 0) + count;
          isFirst = false;
        },
      });
      return { chunks: withClearErrors(chunks, place), rows: () => rows };
    },
  };
}

function textFormat(format: ByteFormat): 'csv' | 'tsv' {
  return format === 'tsv' ? 'tsv' : 'csv';
}

async function* withClearErrors(
  chunks: AsyncIterable<Uint8Array>,
  place: MysqlPlace,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (cause) {
    throw mysqlError(cause, place);
  }
}
