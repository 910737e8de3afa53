import { StringDecoder } from 'node:string_decoder';

/** Cells of one record; undefined is NULL. */
export type TextRecord = readonly (string | undefined)[];

/** How a CSV file differs from `csv` of `bytes.ts`. */
export interface Dialect {
  /** The unquoted text that is NULL. @default "\\N" */
  readonly null?: string;
  /** Records at the beginning that are left out. @default 0 */
  readonly skip?: number;
}

/** Cuts a stream of `csv` or `tsv` (see `bytes.ts`) into records, a batch for each chunk. */
export async function* recordsOf(
  chunks: AsyncIterable<Uint8Array>,
  format: 'csv' | 'tsv',
  dialect: Dialect = {},
): AsyncGenerator<readonly TextRecord[], void, undefined> {
  const decoder = new StringDecoder('utf8');
  const cut = format === 'tsv' ? cutLines : cutRecords;
  const nothing = dialect.null ?? '\\N';
  const read = format === 'tsv' ? readLine : (record: string) => readRecord(record, nothing);
  let skip = dialect.skip ?? 0;
  let rest = '';
  for await (const chunk of chunks) {
    const { records, tail } = cut(
      rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)),
    );
    rest = tail;
    if (records.length > skip) yield records.slice(skip).map(read);
    skip = Math.max(0, skip - records.length);
  }
  rest += decoder.end();
  if (rest !== '' && skip === 0) yield [read(rest)];
}

interface Cut {
  readonly records: readonly string[];
  /** What has no end yet. */
  readonly tail: string;
}

function cutLines(text: string): Cut {
  const lines = text.split('\n');
  const tail = lines.pop() ?? '';
  return { records: lines, tail };
}

/** A line end inside quotes ends no record: quotes are doubled inside, so an odd number of them is open. */
function cutRecords(text: string): Cut {
  const records: string[] = [];
  let start = 0;
  let isOpen = false;
  // Found once: a text without quotes would be looked through again for each record.
  let mark = nextQuote(text, 0);
  for (let from = 0; ; ) {
    const end = text.indexOf('\n', from);
    if (end === -1) return { records, tail: text.slice(start) };
    for (; mark < end; mark = nextQuote(text, mark + 1)) isOpen = !isOpen;
    if (!isOpen) {
      records.push(text.slice(start, end));
      start = end + 1;
    }
    from = end + 1;
  }
}

function nextQuote(text: string, from: number): number {
  const at = text.indexOf('"', from);
  return at === -1 ? text.length : at;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', v: '\v' };

function readLine(line: string): TextRecord {
  const cells = line.split('\t');
  if (!line.includes('\\')) return cells;
  return cells.map((cell) => {
    if (cell === '\\N') return undefined;
    return cell.includes('\\') ? cell.replace(/\\(.)/gs, (_, mark: string) => escapes[mark] ?? mark) : cell;
  });
}

function readRecord(record: string, nothing: string): TextRecord {
  if (!record.includes('"')) return record.split(',').map((cell) => (cell === nothing ? undefined : cell));
  const cells: (string | undefined)[] = [];
  for (let at = 0; at <= record.length; ) {
    if (record[at] === '"') {
      let end = at + 1;
      for (; ; end += 2) {
        end = record.indexOf('"', end);
        if (end === -1 || record[end + 1] !== '"') break;
      }
      if (end === -1) end = record.length;
      cells.push(record.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
    } else {
      const comma = record.indexOf(',', at);
      const end = comma === -1 ? record.length : comma;
      const cell = record.slice(at, end);
      cells.push(cell === nothing ? undefined : cell);
      at = end + 1;
    }
  }
  return cells;
}
