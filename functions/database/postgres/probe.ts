import type { WatermarkRange } from '../../core/cursor.ts';
import { pairColumns } from '../columns.ts';
import type { ProbeContext } from '../database.ts';
import { findRanges } from '../ranges.ts';
import { findWatermark } from '../watermark.ts';
import { beginSnapshot, connectPostgres } from './connect.ts';
import { findRelation } from './relation.ts';
import { fitting, watermarkOf } from './watermark.ts';

/** Which values the watermark has beyond `from`. */
export async function probePostgres(context: ProbeContext): Promise<readonly WatermarkRange[]> {
  const { table, options, settings, secret, signal, columns, field, from, isOpen } = context;
  const place = { settings, secret, signal, table };
  const connection = await connectPostgres(place);
  try {
    await beginSnapshot(connection, place);
    const relation = await findRelation(connection, options, table);
    const { pairs } = pairColumns({ table, columns, found: relation.columns, options });
    return await findRanges({
      relation: relation.sql,
      watermark: watermarkOf(findWatermark(pairs, field, { fitting, table }), settings.timeZone),
      estimate: relation.rows,
      from,
      isOpen,
      chunkRows: options.chunkRows,
      ask: connection.rows,
    });
  } finally {
    connection.close();
  }
}
