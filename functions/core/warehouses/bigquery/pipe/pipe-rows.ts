import type { ByteStream } from '../../../bytes.ts';
import { isCatchmentError, retryable } from '../../../errors.ts';
import type { Row } from '../../../extract.ts';
import { parseJson } from '../../../http/json.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Quarantined } from '../../../rows/check.ts';
import { createRowChecker } from '../../../rows/check.ts';
import type { Column } from '../../../schema.ts';
import type { LoadedFiles, Stage } from '../../warehouse.ts';
import { readRecords } from './csv-cells.ts';
import { detailedRows } from './move-rows.ts';
import { numberRecords } from './number-records.ts';

/**
 * Streams of tables with lists and records go through the check of rows: CSV cannot carry them into BigQuery, and SQL
 * that takes their JSON apart would check them otherwise than rows are checked.
 */
export async function pipeRows(
  target: TableTarget,
  origin: string,
  streams: readonly ByteStream[],
  stage: Pick<Stage, 'append'>,
): Promise<LoadedFiles> {
  const checker = createRowChecker(target.columns, { origin });
  const quarantined: Quarantined[] = [];
  let bytes = 0;
  let announced: number | undefined;
  for (const stream of streams) {
    const columns = stream.columns.map((name) => target.columns.find((column) => column.name === name));
    const numberer = numberRecords(0);
    const read = stream.open('csv');
    const take = async (block: Buffer | undefined) => {
      if (block === undefined) return;
      const rows = readRecords(block.toString('utf8')).map((cells) => rowOf(stream.columns, columns, cells));
      const checked = checker.check(rows);
      if (quarantined.length < detailedRows) quarantined.push(...checked.quarantined);
      await stage.append(checked.batch);
    };
    for await (const chunk of guarded(target, read.chunks)) {
      bytes += chunk.length;
      await take(numberer.push(chunk));
    }
    await take(numberer.end());
    const counted = read.rows();
    if (counted !== undefined) announced = (announced ?? 0) + counted;
  }
  return { read: checker.read, announced, bytes, quarantined: quarantined.slice(0, detailedRows), drift: [] };
}

async function* guarded(
  { dataset, name }: TableTarget,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    if (isCatchmentError(cause)) throw cause;
    throw retryable('vendor', {
      what: `loading rows for ${dataset}.${name}: a stream of rows broke off (${(cause as Error).message})`,
      todo: 'nothing of it was loaded; run it again',
      cause,
    });
  }
}

function rowOf(
  names: readonly string[],
  columns: readonly (Column | undefined)[],
  cells: readonly (string | null)[],
): Row {
  const row: Record<string, unknown> = {};
  for (const [index, column] of columns.entries())
    if (column !== undefined) row[column.sourceName ?? column.name] = cellValue(column, cells[index] ?? null);
  // Fields without a column, as the checked reader hands them on.
  const extra = cells[names.indexOf('_extra')] ?? null;
  return extra === null ? row : { ...(parseJson(extra) as Row), ...row };
}

/** The value that the check of rows takes; a text that is not in canonical form goes on as it is, and is refused there. */
function cellValue(column: Column, text: string | null): unknown {
  if (text === null) return null;
  if (column.type === 'JSON' || column.type === 'RECORD' || column.mode === 'REPEATED') {
    try {
      return parseJson(text);
    } catch {
      return column.type === 'JSON' && column.mode !== 'REPEATED' ? Number.NaN : text;
    }
  }
  if (column.type === 'BOOLEAN') return text === 't' ? true : text === 'f' ? false : text;
  if (column.type === 'BYTES') return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : text;
  return text;
}
