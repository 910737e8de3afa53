import { fatal } from '../../core/errors.ts';
import type { TableDescription } from '../../core/inspect.ts';
import type { FileQuestion } from '../inspect.ts';
import { estimateRows } from './estimate-rows.ts';
import { guessRecords } from './guess-json.ts';
import { parsePartial } from './parse-json.ts';
import { readHead } from './read-head.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

/** Columns of a JSON or JSON Lines file, guessed from its first megabyte. */
export async function describeJson(question: FileQuestion): Promise<TableDescription> {
  const { store, object, how, compression, sample } = question;
  const head = await readHead(store, object, compression);
  const refuse = (what: string, todo: string, cause?: unknown) =>
    fatal('bad-file', { where: store.locate(object.key), what, todo, cause });
  const text = new TextDecoder().decode(head.bytes);
  const warnings: string[] = [];
  let values: readonly unknown[];
  try {
    values = how.records === undefined ? topLevel(text) : inField(text, how.records);
  } catch (error) {
    throw refuse('the file is not valid JSON', 'deliver it again, or correct "format" of the table', error);
  }
  const records = values.filter(
    (value): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value),
  );
  const [only] = records;
  if (only === undefined)
    throw refuse(
      'no record was found in the part that was read',
      'name the field that holds the list in "records" of the table, or deliver JSON Lines',
    );
  const lists = Object.keys(only).filter((name) => isListOfRecords(only[name]));
  if (records.length === 1 && how.records === undefined && lists.length > 0)
    warnings.push(
      `the file is one record; if its records are in ${lists.map((name) => `"${name}"`).join(' or ')}, set "records" of the table`,
    );
  const { columns, warnings: guessed } = guessRecords(records);
  return {
    columns: columns.map((column) => ({
      column,
      sourceType: column.mode === 'REPEATED' ? `array of ${typeWord(column.type)}` : typeWord(column.type),
    })),
    key: [],
    ...estimateRows(records.length, head, object),
    sample: records
      .slice(0, sample)
      .map((record) => columns.map(({ name, sourceName }) => shown(record[sourceName ?? name]))),
    warnings: [...warnings, ...guessed],
  };
}

/** One list of records, or one record after another, each on a line of its own or not. */
function topLevel(text: string): readonly unknown[] {
  const values: unknown[] = [];
  for (let at = 0; at < text.length; ) {
    if (text.slice(at, at + 64).trim() === '' && text.slice(at).trim() === '') break;
    const { value, end, isWhole } = parsePartial(text, at);
    if (Array.isArray(value)) values.push(...value);
    // The last record may be cut; when it is the only one, its fields so far are better than none.
    else if (isWhole || values.length === 0) values.push(value);
    if (!isWhole) break;
    at = end;
  }
  return values;
}

function inField(text: string, path: string): readonly unknown[] {
  let { value } = parsePartial(text);
  for (const name of path.split('.')) value = (value as JsonRecord | undefined)?.[name];
  return Array.isArray(value) ? value : [];
}

function isListOfRecords(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'object');
}

function typeWord(type: string): string {
  if (type === 'RECORD' || type === 'JSON') return 'object';
  if (type === 'INTEGER' || type === 'FLOAT') return 'number';
  return type === 'BOOLEAN' ? 'boolean' : 'string';
}

/** Integers beyond 2^53 as text, since JSON readers would round them. */
function shown(value: unknown): unknown {
  if (value === undefined) return null;
  return JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? String(item) : item)));
}
