import { Buffer } from 'node:buffer';
import type { Column } from '../schema.ts';
import { escapeTsv } from '../tsv-escape.ts';
import type { OnRecord } from './look/line-look.ts';
import { values } from './look/line-look.ts';
import type { PlainLines } from './plain-lines.ts';

/**
 * Writes the records of a JSON Lines file as `tsv` (see `bytes.ts`), their columns in the order of the schema. Values are
 * copied as they are; only texts with escapes and JSON are written anew.
 *
 * @throws NotPlain at the first record that only the checked reader can read
 */
export async function* linesAsTsv(file: PlainLines): AsyncGenerator<Uint8Array, void, undefined> {
  const isJson = file.columns.map(({ type }: Column) => type === 'JSON');
  // Bytes as characters of one byte each, which copies them without a look.
  let text = '';
  const note: OnRecord = (memory, words, place) => {
    const bytes = Buffer.from(memory.buffer);
    for (let index = 0; index < isJson.length; index += 1) {
      if (index > 0) text += '\t';
      const at = place + 3 * index;
      const [what, start, end] = [words[at], words[at + 1], words[at + 2]];
      if (what === values.plain) {
        const value = bytes.toString('latin1', start, end);
        text += isJson[index] === true ? escapeTsv(value) : value;
      } else if (what === values.none) text += '\\N';
      else if (what === values.escaped) {
        const value = String(JSON.parse(`"${bytes.toString('utf8', start, end)}"`));
        text += Buffer.from(escapeTsv(value)).toString('latin1');
      } else text += what === values.true ? 't' : 'f';
    }
    text += '\n';
  };
  for await (const _ of file.chunks(note)) {
    if (text === '') continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  if (text !== '') yield Buffer.from(text, 'latin1');
}
