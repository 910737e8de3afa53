export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
}

/** A cell; undefined for one that is empty and not quoted, which is NULL. */
export type Cell = string | undefined;

/**
 * Records of the beginning of a CSV file: quoted cells may hold delimiters and line breaks. A last record that has no end
 * is left out, unless the text is whole.
 */
export function parseCsv(
  text: string,
  { delimiter, quote }: CsvDialect,
  { isWhole, limit }: { readonly isWhole: boolean; readonly limit: number },
): readonly (readonly Cell[])[] {
  const records: Cell[][] = [];
  let record: Cell[] = [];
  let cell = '';
  let wasQuoted = false;
  let isQuoted = false;
  const endCell = () => {
    record.push(cell === '' && !wasQuoted ? undefined : cell);
    cell = '';
    wasQuoted = false;
  };
  const endRecord = () => {
    endCell();
    // An empty line is no record.
    if (record.length > 1 || record[0] !== undefined) records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length && records.length < limit; at += 1) {
    const char = text[at] as string;
    if (isQuoted) {
      if (char !== quote) cell += char;
      else if (text[at + 1] === quote) {
        cell += quote;
        at += 1;
      } else isQuoted = false;
    } else if (char === quote && cell === '') {
      isQuoted = true;
      wasQuoted = true;
    } else if (char === delimiter) endCell();
    else if (char === '\n' || char === '\r') {
      if (char === '\r' && text[at + 1] === '\n') at += 1;
      endRecord();
    } else cell += char;
  }
  if (isWhole && records.length < limit && (record.length > 0 || cell !== '' || wasQuoted)) endRecord();
  return records;
}

const candidates = [',', ';', '\t', '|'];

/** The delimiter that cuts the first records into equal numbers of cells; undefined when none does. */
export function sniffDelimiter(text: string, quote: string, isWhole: boolean): string | undefined {
  const counted = candidates.map((delimiter) => {
    const widths = parseCsv(text, { delimiter, quote }, { isWhole, limit: 20 }).map(({ length }) => length);
    const width = widths[0] ?? 1;
    return { delimiter, width: widths.every((each) => each === width) ? width : 1 };
  });
  const best = counted.reduce((a, b) => (b.width > a.width ? b : a));
  return best.width > 1 ? best.delimiter : undefined;
}
