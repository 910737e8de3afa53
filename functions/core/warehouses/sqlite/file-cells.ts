import { Buffer } from 'node:buffer';
import type { SQLInputValue } from 'node:sqlite';
import { cellCheck } from '../../files/cell-check.ts';
import type { Column } from '../../schema.ts';
import { BadCell, cellReader } from './cells.ts';
import { momentCell, shortest } from './types.ts';

/** How a good cell of a file is kept; undefined for a type that the checked reader has to read. */
export function fileCell(column: Column): ((text: string) => SQLInputValue) | undefined {
  if (column.mode === 'REPEATED' || column.format !== undefined) return undefined;
  switch (column.type) {
    case 'STRING':
    case 'FLOAT':
    case 'DATE':
    case 'JSON':
      return (text) => text;
    case 'INTEGER':
      return (text) => (text.length <= 15 ? Number(text) : text);
    case 'BOOLEAN':
      return (text) => (text === 'true' ? 1 : 0);
    case 'TIME':
      return shortest;
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return decimalCell;
    case 'DATETIME':
      return (text) => shortest(spaced(text));
    case 'TIMESTAMP':
      return (text) => momentCell(spaced(text.replace(/(?:Z|\+00(?::00)?)$/, '')));
    default:
      return undefined;
  }
}

/** Without zeros that say nothing; there is no zero below zero. */
function decimalCell(text: string): string {
  const short = shortest(text);
  if (short.charCodeAt(short.startsWith('-') ? 1 : 0) !== 0x30) return short;
  const bare = short.replace(/^(-?)0+(?=\d)/, '$1');
  return bare === '-0' ? '0' : bare;
}

function spaced(text: string): string {
  return text[10] === 'T' ? text.replace('T', ' ') : text;
}

const scratch = Buffer.alloc(4096);

/** Days repeat, so what was found good is looked up. */
const mostKnown = 10_000;

/**
 * Reads cells of a CSV file. NULL is undefined.
 *
 * @throws BadCell for a cell that only the checked reader can read, or that breaks the schema
 */
export function csvCell(column: Column): ((text: string | undefined) => SQLInputValue) | undefined {
  const make = fileCell(column);
  const check = cellCheck(column);
  if (make === undefined || check === undefined) return undefined;
  const isRequired = column.mode === 'REQUIRED';
  const read = column.type === 'INTEGER' ? cellReader(column) : undefined;
  const known = new Set<string>();
  const isGood = (text: string): boolean => {
    // Bytes that are no UTF-8 arrive as U+FFFD; what to say of them is the checked reader's affair.
    if (check === 'text') return !text.includes('\uFFFD');
    if (known.has(text)) return true;
    // A buffer for each cell would cost more than the look at it.
    const isShort = text.length * 3 <= scratch.length;
    const bytes = isShort ? scratch : Buffer.from(text);
    if (!check(bytes, 0, isShort ? scratch.write(text) : bytes.length)) return false;
    if (column.type === 'DATE' && known.size < mostKnown) known.add(text);
    return true;
  };
  return (text) => {
    if (text === undefined) {
      if (isRequired) throw new BadCell();
      return null;
    }
    if (read !== undefined) return read(text);
    if (!isGood(text)) throw new BadCell();
    return make(text);
  };
}
