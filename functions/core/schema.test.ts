import { describe, expect, it } from 'vitest';
import { parseSchema } from './schema.ts';

const parse = (columns: unknown) => () => parseSchema(JSON.stringify(columns), 'schemas/s/t.json');

describe('parseSchema', () => {
  it('reads BigQuery’s format with both spellings of types, NULLABLE unless said otherwise', () => {
    const columns = parse([
      { name: 'id', type: 'INT64', mode: 'REQUIRED' },
      { name: 'tags', type: 'string', mode: 'REPEATED', description: 'labels' },
      { name: 'box', type: 'STRUCT', fields: [{ name: 'ok', type: 'BOOL' }] },
    ])();
    expect(columns).toEqual([
      { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED', description: 'labels' },
      {
        name: 'box',
        type: 'RECORD',
        mode: 'NULLABLE',
        fields: [{ name: 'ok', type: 'BOOLEAN', mode: 'NULLABLE' }],
      },
    ]);
  });

  it('refuses text that is not JSON and names the file', () => {
    expect(() => parseSchema('[{', 'schemas/s/t.json')).toThrow(/^\[schemas\/s\/t\.json\] is not JSON \(/);
  });

  it('names a wrong type, its place and the types allowed', () => {
    expect(parse([{ name: 'a', type: 'STRNG' }])).toThrow(
      '[schemas/s/t.json] is not a BigQuery schema: [0].type is no type: got "STRNG"; allowed: STRING, BYTES, INTEGER, FLOAT, NUMERIC, BIGNUMERIC, BOOLEAN, DATE, TIME, DATETIME, TIMESTAMP, JSON, RECORD',
    );
  });

  it('shows the first mistakes of many and counts the rest', () => {
    const wrong = Array.from({ length: 9 }, (_, index) => ({ name: `a ${index}`, type: 'STRING' }));
    expect(parse(wrong)).toThrow(/\[0\]\.name .*; \[1\]\.name .*; \[2\]\.name [^;]*; and 6 more$/);
  });

  it('refuses names that differ only in case, and the kit’s own', () => {
    const twice = [
      { name: 'id', type: 'STRING' },
      { name: 'ID', type: 'STRING' },
    ];
    expect(parse(twice)).toThrow('[schemas/s/t.json] names the column "ID" twice');
    expect(parse([{ name: '_origin', type: 'STRING' }])).toThrow('names the column "_origin" twice');
  });

  it('refuses a RECORD without fields and fields without a RECORD', () => {
    const message = '[0] a RECORD needs fields, and only a RECORD has them';
    expect(parse([{ name: 'a', type: 'RECORD' }])).toThrow(message);
    expect(parse([{ name: 'a', type: 'STRING', fields: [{ name: 'b', type: 'STRING' }] }])).toThrow(message);
  });
});
