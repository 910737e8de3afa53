import { fatal } from '../../core/errors.ts';
import type { TableDescription } from '../../core/inspect.ts';
import type { FileQuestion } from '../inspect.ts';
import { parquetColumns } from './parquet-columns.ts';
import type { ParquetFooter } from './parquet-footer.ts';
import { firstGroup, footerLength, parseFooter, tailBytes } from './parquet-footer.ts';

/** A first row group of more bytes is not read. */
const largestGroup = 16 * 2 ** 20;

/** Reads the last eight bytes and the footer, where rows are counted, and for a sample the first row group. */
export async function describeParquet({ store, object, sample }: FileQuestion): Promise<TableDescription> {
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
  const readSample = async (): Promise<Pick<TableDescription, 'sample' | 'warnings'>> => {
    const group = firstGroup(bytes);
    if (group === undefined || sample === 0) return { sample: [], warnings: [] };
    const size = group.to - group.from + 1;
    if (!(size > 0 && group.to < end - length)) throw broken();
    if (size > largestGroup) {
      const warning = `no rows are shown: the first row group has ${Math.round(size / 2 ** 20)} MB, and no more than ${largestGroup / 2 ** 20} MB are read`;
      return { sample: [], warnings: [warning] };
    }
    const pieces = [
      { at: 0, bytes: Buffer.from('PAR1') },
      { at: group.from, bytes: await read(group.from, group.to) },
      { at: end - length, bytes },
      { at: end, bytes: tail ?? Buffer.alloc(0) },
    ];
    const { firstRows } = await import('../../core/files/first-rows.ts');
    const rows = await firstRows(pieces, Math.min(sample, group.rows)).catch((error: unknown) => {
      throw broken(error);
    });
    return { sample: rows, warnings: [] };
  };
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
    ...(await readSample()),
  };
}
