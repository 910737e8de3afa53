import type { ByteFormat, ByteRead, ByteStream } from '../core/bytes.ts';
import type { ConnectOptions } from '../core/postgres/connect.ts';
import { copyOut } from '../core/postgres/copy.ts';
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
        chunks: copyOut({
          connect: options.connect,
          snapshot: options.snapshot,
          sql,
          what: `cannot copy ${options.from}`,
          onEnd(count) {
            rows = count;
          },
        }),
        rows: () => rows,
      };
    },
  };
}
