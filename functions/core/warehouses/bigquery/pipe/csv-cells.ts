/**
 * Cells of whole records in the canonical CSV, NULL for `\N` without quotes.
 *
 * @param text records as `numberRecords` writes them: numbered, and with one more backslash before a text `\N`
 * @returns a list of cells per record, without the number
 */
export function readRecords(text: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  let cells: (string | null)[] = [];
  let at = 0;
  while (at < text.length) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? closingQuote(text, at) : endOfCell(text, at);
    const raw = isQuoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, end);
    at = isQuoted ? end + 1 : end;
    cells.push(!isQuoted && raw === '\\N' ? null : raw.replace(/^\\(?=\\+N$)/, ''));
    if (text[at] !== ',') {
      records.push(cells.slice(1));
      cells = [];
    }
    at += 1;
  }
  return records;
}

function closingQuote(text: string, open: number): number {
  let at = open + 1;
  for (;;) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    if (text[at + 1] !== '"') return at;
    at += 2;
  }
}

function endOfCell(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n') at += 1;
  return at;
}
