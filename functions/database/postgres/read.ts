import { fatal } from '../../core/errors.ts';
import { pairColumns } from '../columns.ts';
import type { Context, Piece } from '../database.ts';
import { exactColumns } from '../exact.ts';
import { logNews } from '../news.ts';
import { rangeSql } from '../ranges.ts';
import { findWatermark } from '../watermark.ts';
import { cellOf, exactTypes } from './cells.ts';
import { beginSnapshot, connectPostgres } from './connect.ts';
import { copyStream } from './copy.ts';
import { cutRelation } from './parts.ts';
import { findRelation } from './relation.ts';
import { fitting, watermarkOf } from './watermark.ts';

/** A slice as COPY writes it: large tables in several parts, read side by side under one exported snapshot. */
export async function* readPostgres(context: Context): AsyncGenerator<Piece, void, undefined> {
  const { slice, settings, secret, signal, columns, log } = context;
  const { table, options, range } = slice;
  const place = { settings, secret, signal, table };
  const leader = await connectPostgres(place);
  try {
    await beginSnapshot(leader, place);
    const [[snapshot = null] = []] = await leader.rows('SELECT pg_export_snapshot()');
    if (snapshot === null) throw fatal('internal', { where: table, what: 'no snapshot was exported' });
    const relation = await findRelation(leader, options, table);
    const { pairs, news } = pairColumns({ table, columns, found: relation.columns, options });
    logNews(log, table, news);
    const where =
      range &&
      rangeSql(watermarkOf(findWatermark(pairs, slice.field, { fitting, table }), settings.timeZone), range);
    // A small range is found by its index; page ranges would scan the table once for each.
    const isWhole = range === undefined || (range.from === undefined && range.to !== undefined);
    const parts = isWhole ? cutRelation(relation, settings.readers) : [[{ from: relation.sql }]];
    const cells = pairs.map((pair) => cellOf(pair, settings.timeZone));
    const exact = exactColumns(pairs, exactTypes, 'numeric');
    const names = pairs.map(({ column }) => column.name);
    yield {
      bytes: parts.map((part) => copyStream({ place, snapshot, part, columns: names, cells, exact, where })),
    };
  } finally {
    leader.close();
  }
}
