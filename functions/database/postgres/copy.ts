import type { ByteFormat, ByteRead, ByteStream, ExactColumns } from '../../core/bytes.ts';
import type { Cell } from './cells.ts';
import { formatsOf } from './cells.ts';
import type { PostgresPlace } from './connect.ts';
import { beginSnapshot, connectPostgres } from './connect.ts';
import { postgresError } from './errors.ts';
import type { Part } from './parts.ts';

/** https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS */
const copyOptions: Readonly<Record<ByteFormat, string>> = {
  csv: `FORMAT csv, NULL '\\N'`,
  tsv: 'FORMAT text',
  pgcopy: 'FORMAT binary',
};

export interface CopyRequest {
  readonly place: PostgresPlace;
  /** Exported by a transaction that stays open while the stream is read. */
  readonly snapshot: string;
  readonly part: Part;
  /** Names of schema columns, and their SQL in the same order. */
  readonly columns: readonly string[];
  readonly cells: readonly Cell[];
  readonly exact: ExactColumns;
  /** Of a watermark. */
  readonly where: string | undefined;
}

/** One part of a relation as COPY writes it; each `open` takes a connection of its own at the same point in time. */
export function copyStream(request: CopyRequest): ByteStream {
  return {
    formats: formatsOf(request.cells),
    columns: request.columns,
    exact: request.exact,
    open(format): ByteRead {
      let rows: number | undefined;
      return {
        chunks: copyChunks(request, format, (count) => {
          rows = count;
        }),
        rows: () => rows,
      };
    },
  };
}

async function* copyChunks(
  request: CopyRequest,
  format: ByteFormat,
  onEnd: (rows: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { place, snapshot } = request;
  const connection = await connectPostgres(place);
  try {
    await beginSnapshot(connection, place, snapshot);
    const { copyOut } = await import('../../core/postgres/copy-out.ts');
    const { chunks, rows } = copyOut(connection.client, copySql(request, format));
    yield* chunks;
    await connection.client.query('COMMIT');
    const count = rows();
    if (count !== undefined) onEnd(count);
  } catch (cause) {
    throw postgresError(cause, place);
  } finally {
    connection.close();
  }
}

function copySql({ part, cells, where }: CopyRequest, format: ByteFormat): string {
  const select = cells.map((cell) => (format === 'pgcopy' ? cell.binary : cell.text)).join(', ');
  const selects = part.map((each) => {
    const bounds = [each.where, where].filter((bound) => bound !== undefined);
    return `SELECT ${select} FROM ${each.from}${bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`}`;
  });
  return `COPY (${selects.join(' UNION ALL ')}) TO STDOUT (${copyOptions[format]})`;
}
