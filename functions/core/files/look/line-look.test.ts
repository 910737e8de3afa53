import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NotPlain } from '../not-plain.ts';
import { cellKinds } from './cell-kind.ts';
import type { LookField } from './line-look.ts';
import { createLineLook, values } from './line-look.ts';

const field = (name: string, kind: number, more: Partial<LookField> = {}): LookField => ({
  ...{ name, kind, isRequired: false, isExpected: false },
  ...more,
});
const fields = [
  field('id', cellKinds.integer, { isRequired: true, isExpected: true }),
  field('paid', cellKinds.boolean),
  field('day', cellKinds.date),
  field('note', cellKinds.text),
  field('more', cellKinds.json),
];

type Found = readonly (readonly [number, string])[];

/** Looks at bytes in two pieces; gives each record's values, or undefined for what is not plain. */
function read(bytes: Buffer, cut: number): Found[] | undefined {
  const records: Found[] = [];
  const look = createLineLook(fields, { first: 1900, last: 2299 }, (memory, words, at) => {
    records.push(
      fields.map((_, index) => {
        const [what = 0, from, to] = words.subarray(at + 3 * index, at + 3 * index + 3);
        const hasBytes = what === values.plain || what === values.escaped;
        return [what, hasBytes ? Buffer.from(memory.buffer).toString('utf8', from, to) : ''] as const;
      }),
    );
  });
  try {
    look.at(bytes.subarray(0, cut));
    look.at(bytes.subarray(cut));
    look.end();
    return records;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** The same wherever the bytes are cut. */
function readAnyhow(text: string | Buffer): Found[] | undefined {
  const bytes = Buffer.from(text as string);
  const [first, ...others] = Array.from({ length: bytes.length + 1 }, (_, cut) => read(bytes, cut));
  for (const other of others) expect(other).toEqual(first);
  return first;
}

it('says of each field what its value is and where it stands', () => {
  const lines = [
    '{"id":-1,"paid":true,"day":"2026-01-31","note":"x","more":{"a":[1,"b"]}}',
    ' { "more" : [ ] , "id" : 2 , "paid" : false , "note" : "a\\"b\\u00fc" }\t',
    '{"id":3,"note":null}',
  ];
  const [plain, escaped, none] = [values.plain, values.escaped, values.none];
  const expected = [
    [
      ...[[plain, '-1'] as const, [values.true, ''] as const, [plain, '2026-01-31'] as const],
      ...[[plain, 'x'] as const, [plain, '{"a":[1,"b"]}'] as const],
    ],
    [
      [plain, '2'],
      [values.false, ''],
      [none, ''],
      [escaped, 'a\\"b\\u00fc'],
      [plain, '[]'],
    ],
    [[plain, '3'], ...Array(4).fill([none, ''])],
  ];
  expect(readAnyhow(lines.join('\n').replace('[ ]', '[]'))).toEqual(expected);
});

it.each([
  ['a fraction', '{"id":1.5}'],
  ['a number as text', '{"id":"1"}'],
  ['a number with a zero before it', '{"id":01}'],
  ['a required field that is not there', '{"note":"x"}'],
  ['a required field that is null', '{"id":null}'],
  ['a field that is there twice', '{"id":1,"id":2}'],
  ['a field that is there twice, as null', '{"id":1,"note":null,"note":null}'],
  ['an unknown field', '{"id":1,"other":2}'],
  ['a field whose name begins as another', '{"id":1,"notes":"x"}'],
  ['a field whose name is the beginning of another', '{"id":1,"no":"x"}'],
  ['an escaped name', '{"id":1,"n\\u006fte":"x"}'],
  ['a word that ends as another', '{"id":1,"paid":xalse}'],
  ['a word that is cut off', '{"id":1,"paid":fals}'],
  ['a word that is longer', '{"id":1,"paid":truest}'],
  ['a day that there is not', '{"id":1,"day":"2026-02-30"}'],
  ['a day that the warehouse cannot hold', '{"id":1,"day":"1899-12-31"}'],
  ['a day with an escape', '{"id":1,"day":"2026\\u002d01-31"}'],
  ['a day as a number', '{"id":1,"day":20260131}'],
  ['a NUL as an escape', '{"id":1,"note":"\\u0000"}'],
  ['half a character as an escape', '{"id":1,"note":"\\ud83d"}'],
  ['an escape that there is not', '{"id":1,"note":"\\x"}'],
  ['a tab in a text', '{"id":1,"note":"a\tb"}'],
  ['a text without an end', '{"id":1,"note":"x}'],
  ['JSON that is a word', '{"id":1,"more":true}'],
  ['JSON with blanks', '{"id":1,"more":{"a": 1}}'],
  ['JSON with a comma too many', '{"id":1,"more":[1,]}'],
  ['JSON that is too deep', `{"id":1,"more":${'['.repeat(66)}${']'.repeat(66)}}`],
  ['JSON with a number that readers write otherwise', '{"id":1,"more":[1.50]}'],
  ['a carriage return', '{"id":1}\r'],
  ['something behind the object', '{"id":1} x'],
  ['an empty line', '{"id":1}\n'],
  ['a list', '[1]'],
  ['nothing but the end', '}'],
])('%s is not plain', (_, line) => {
  expect(readAnyhow(`{"id":7,"note":"before"}\n${line}\n`)).toBeUndefined();
});

it('bytes that are no UTF-8 are not plain', () => {
  expect(readAnyhow(Buffer.from('{"id":1,"note":"\xe9"}\n', 'latin1'))).toBeUndefined();
});

it('a file in which no record has an expected field is not plain', () => {
  expect(readAnyhow('')).toBeUndefined();
});

it('gives back any text and JSON as it is written', () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .filter((each) => !/[\0\ud800-\udfff]/.test(each));
  const more = fc.array(fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), { maxLength: 4 });
  fc.assert(
    fc.property(text, more, fc.integer(), (note, list, id) => {
      const found = read(Buffer.from(JSON.stringify({ id, note, more: list })), 20)?.[0];
      expect(JSON.parse(`"${found?.[3]?.[1]}"`)).toBe(note);
      expect(found?.[4]?.[1]).toBe(JSON.stringify(list));
    }),
    { seed: 7, numRuns: 300 },
  );
});
