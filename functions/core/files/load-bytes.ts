import type { ByteStream } from '../bytes.ts';
import { fatal } from '../errors.ts';
import { canonicalCells } from './canonical-cells.ts';
import type { Segment } from './cut-segments.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { insertCsv } from './insert-csv.ts';
import type { InspectedFile } from './inspect-file.ts';
import { pathLiteral } from './quote.ts';
import type { TextFormat } from './text-cells.ts';
import { readerOptions } from './text-cells.ts';
import { isNested } from './types.ts';

/** Segments as a file that is sound by nature. */
export interface SegmentOfBytes extends InspectedFile {
  readonly longestRecord: number;
  /** Several are only read with `fast` care: rows that break the schema are told by their place in one. */
  readonly paths: readonly string[];
}

/** @throws fatal `too-large` for a record that no reader should hold in memory */
export function inspectSegments(segments: readonly Segment[], where: string): SegmentOfBytes {
  const longestRecord = Math.max(...segments.map((segment) => segment.longestRecord));
  const bytes = Math.max(...segments.map((segment) => segment.bytes));
  const paths = segments.map(({ path }) => path);
  if (longestRecord > longestRecordOfBytes)
    throw fatal('too-large', {
      where,
      what: `a row of the stream is longer than ${longestRecordOfBytes / 2 ** 20} MB`,
      todo: 'leave its large column out',
    });
  return {
    ref: { path: paths[0] ?? '', format: 'csv', header: false },
    paths,
    where,
    bytes,
    compression: 'none',
    head: Buffer.alloc(0),
    longestRecord,
  };
}

/** A reader holds several buffers of this size. */
const longestRecordOfBytes = 64 * 2 ** 20;

/** Loads a file of the canonical text that `bytes.ts` describes, without a header. */
export function loadBytes(
  load: FileLoad & { readonly file: SegmentOfBytes },
  { columns: names, exact = {} }: Pick<ByteStream, 'columns' | 'exact'>,
  format: TextFormat,
): Promise<LoadedFile> {
  const { target, file } = load;
  const fields = target.columns.map((column) => ({
    column,
    field: names.find((name) => name === column.name),
  }));
  const longest = Math.max(2 ** 20, file.longestRecord + 1);
  // Each thread holds some of them, so one with a very long row is no larger than its segment.
  const buffer = Math.min(4 * longest, Math.max(longest, file.bytes + 1));
  // Two threads in one segment would each leave a part of a row group, which DuckDB holds in memory to the end (1.5.5).
  const isByThread = load.care === 'fast';
  const reader = (types: readonly string[], more = '') => {
    const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
    return `read_csv([${file.paths.map(pathLiteral).join(', ')}], auto_detect=false, columns={${columns}}, header=false, ${readerOptions[format]}, strict_mode=true, compression='none'${isByThread ? ', parallel=false' : ''}, max_line_size=${longest}, buffer_size=${buffer}${more})`;
  };
  const cells = canonicalCells(format, exact);
  const isPlain = fields.every(({ column, field }) => field === undefined || !isNested(column));
  return insertCsv({
    ...load,
    header: names,
    matched: { fields, unknown: [] },
    skipped: 0,
    reader,
    cells: isPlain ? cells : { ...cells, strict: undefined },
  });
}
