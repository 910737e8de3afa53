import type { WatermarkRange } from '../../core/cursor.ts';
import { pairColumns } from '../columns.ts';
import type { ProbeContext } from '../database.ts';
import { findRanges } from '../ranges.ts';
import { findWatermark } from '../watermark.ts';
import { beginSnapshot, connectMysql } from './connect.ts';
import { findRelation } from './relation.ts';
import { fitting, watermarkOf } from './watermark.ts';
import { checkZone } from './zone.ts';

/** Which values the watermark has beyond `from`. */
export async function probeMysql(context: ProbeContext): Promise<readonly WatermarkRange[]> {
  const { table, options, settings, secret, signal, columns, field, from, isOpen } = context;
  const { database = '', timeZone } = settings;
  const connection = await connectMysql({ settings, secret, signal, table });
  try {
    await checkZone(connection, timeZone, table);
    await beginSnapshot(connection);
    const relation = await findRelation(connection, options, { table, database });
    const { pairs } = pairColumns({ table, columns, found: relation.columns, options });
    return await findRanges({
      relation: relation.sql,
      watermark: watermarkOf(findWatermark(pairs, field, { fitting, table }), timeZone),
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
