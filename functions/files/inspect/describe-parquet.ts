import { fatal } from '../../core/errors.ts';
import type { TableDescription } from '../../core/inspect.ts';
import type { FileQuestion } from '../inspect.ts';
import { parquetColumns } from './parquet-columns.ts';
import type { ParquetFooter } from './parquet-footer.ts';
import { footerLength, parseFooter, tailBytes } from './parquet-footer.ts';

/** Two reads: the last eight bytes, then the footer. Rows are counted there; none is read. */
export async function describeParquet({ store, object }: FileQuestion): Promise<TableDescription> {
  const read = async (from: number, to: number) =>
    Buffer.concat(await Array.fromAsync(store.read(object, { from, to })));
  const tail = object.bytes > tailBytes ? await read(object.bytes - tailBytes, object.bytes - 1) : undefined;
  const length = tail && footerLength(tail);
  const broken = (cause?: unknown) =>
    fatal('bad-file', {
      where: store.locate(object.key),
      what: 'this is not a whole Parquet file',
      todo: 'deliver it again',
      cause,
    });
  if (length === undefined || length > object.bytes - tailBytes) throw broken();
  const end = object.bytes - tailBytes;
  const bytes = await read(end - length, end - 1);
  let footer: ParquetFooter;
  try {
    footer = parseFooter(bytes);
  } catch (error) {
    throw broken(error);
  }
  return {
    columns: parquetColumns(footer.columns),
    key: [],
    rows: footer.rows,
    sample: [],
    warnings: ['rows of Parquet files are not shown: their schema is in the footer, and only that is read'],
  };
}
