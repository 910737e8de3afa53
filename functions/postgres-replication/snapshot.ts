import type { ByteFormat, ByteRead, ByteStream } from '../core/bytes.ts';
import type { ConnectOptions } from '../core/postgres/connect.ts';
import { connectPostgres } from '../core/postgres/connect.ts';
import { postgresError } from '../core/postgres/error.ts';
import type { Column } from '../core/schema.ts';
import type { CatalogTable } from './catalog.ts';
import { copySql } from './cells.ts';
import { quoteTable } from './publication.ts';

export interface SnapshotOptions {
  readonly connect: ConnectOptions;
  /** Name of a snapshot that another session exported and holds. */
  readonly snapshot: string;
  readonly from: string;
  readonly table: CatalogTable;
  /** Of the schema file. Columns that the source does not have are NULL. */
  readonly columns: readonly Column[];
}

/** https://www.postgresql.org/docs/current/sql-copy.html */
const copyOptions: Readonly<Record<Exclude<ByteFormat, 'pgcopy'>, string>> = {
  csv: `FORMAT csv, NULL '\\N'`,
  tsv: 'FORMAT text',
};

/** A whole table at one point in time, as COPY writes it. Each `open` takes a connection of its own. */
export function copySnapshot(options: SnapshotOptions): ByteStream {
  const cells = options.columns.flatMap((column) => {
    const source = options.table.columns.find(({ name }) => name === (column.sourceName ?? column.name));
    return source === undefined ? [] : [{ name: column.name, sql: copySql(column, source.type) }];
  });
  const select = cells.map(({ sql }) => sql).join(', ');
  return {
    formats: ['csv', 'tsv'],
    columns: cells.map(({ name }) => name),
    open(format): ByteRead {
      let rows: number | undefined;
      const sql = `COPY (SELECT ${select} FROM ${quoteTable(options.from)}) TO STDOUT (${copyOptions[format === 'tsv' ? 'tsv' : 'csv']})`;
      return {
        chunks: copyChunks(options, sql, (count) => {
          rows = count;
        }),
        rows: () => rows,
      };
    },
  };
}

async function* copyChunks(
  { connect, snapshot, from }: SnapshotOptions,
  sql: string,
  onEnd: (rows: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const client = await connectPostgres(connect);
  try {
    await client.query(
      [
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        `SET TRANSACTION SNAPSHOT '${snapshot}'`,
        // Rows that a policy hides would be missing in silence; this makes the server refuse instead.
        'SET LOCAL row_security = off',
      ].join('; '),
    );
    const { to } = await import('pg-copy-streams');
    const copy = client.query(to(sql, { highWaterMark: 2 ** 20 }));
    for await (const chunk of copy) yield chunk as Uint8Array;
    // The count comes after the last byte, and before the answer to the next statement.
    await client.query('COMMIT');
    onEnd(copy.rowCount);
  } catch (error) {
    throw postgresError(error, { where: connect.where, what: `cannot copy ${from}` });
  } finally {
    // The socket, not a goodbye: a server in the middle of a COPY does not listen.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
