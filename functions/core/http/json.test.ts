import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, stringifyJson } from './json.ts';

describe('parseJson', () => {
  it('gives integers beyond 2^53 as bigint and everything else as JSON.parse does', () => {
    expect(
      parseJson(
        '{"id": 7300000000000000123, "low":-9223372036854775808, "safe":9007199254740991, "next":9007199254740992}',
      ),
    ).toEqual({
      id: 7300000000000000123n,
      low: -9223372036854775808n,
      safe: 9007199254740991,
      next: 9007199254740992n,
    });
    expect(parseJson('[12345678901234567890123, 1790000000000000001]')).toEqual([
      12345678901234567890123n,
      1790000000000000001n,
    ]);
    expect(parseJson('1790000000000000001')).toBe(1790000000000000001n);
    expect(parseJson(' -1790000000000000001\n')).toBe(-1790000000000000001n);
  });

  it('keeps floats with many digits and large exponents as numbers', () => {
    const text =
      '[0.12345678901234567, 1234567890123456789.5, 12345678901234567890e2, 1E30, -0.0000000000000001]';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('keeps digits inside strings and keys as text', () => {
    const text = '{"a":"1790000000000000001","b":"x: 1790000000000000001, y","1790000000000000002":1}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
    expect(parseJson('{"b":"x: 1790000000000000001, y","n":1790000000000000001}')).toEqual({
      b: 'x: 1790000000000000001, y',
      n: 1790000000000000001n,
    });
    expect(parseJson('{"b":"\\": 1790000000000000001","n":[1790000000000000001]}')).toEqual({
      b: '": 1790000000000000001',
      n: [1790000000000000001n],
    });
  });

  it('is not fooled by texts that look like its own marks', () => {
    expect(parseJson('["~catchment-int~1790000000000000001"]')).toEqual([
      '~catchment-int~1790000000000000001',
    ]);
    expect(parseJson('["~catchment-int~1790000000000000001", 1790000000000000002]')).toEqual([
      '~catchment-int~1790000000000000001',
      1790000000000000002n,
    ]);
  });

  it('refuses what JSON.parse refuses', () => {
    for (const text of [
      '',
      '{"a":1790000000000000001',
      '{"a":01790000000000000001}',
      '{"a":1,1790000000000000001 : 2}',
      '[1790000000000000001 1790000000000000001]',
      '[--1790000000000000001]',
      '[1790000000000000001,]',
      '"\n1790000000000000001"',
    ])
      expect(() => parseJson(text), text).toThrow(SyntaxError);
  });

  it('gives what a parser that looks at each number’s own text gives, for any JSON', () => {
    const integer = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        integer,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({
          unit: fc.constantFrom(
            '"',
            '\\',
            ':',
            ',',
            ' ',
            '-',
            '{',
            '[',
            '1790000000000000001',
            '~catchment-int~',
          ),
        }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.constantFrom('', ' '), (json, space) => {
        const text = `${space}${stringifyJson(json)}${space}`.replaceAll(',', `,${space}`);
        expect(parseJson(text)).toEqual(slowly(text));
      }),
      { numRuns: 500 },
    );
  });

  it('brings bigint, text and numbers back as they were written', () => {
    const value = fc.dictionary(
      fc.string(),
      fc.oneof(fc.bigInt({ min: 2n ** 53n }), fc.string(), fc.integer()),
    );
    fc.assert(
      fc.property(value, (json) => {
        expect(parseJson(stringifyJson(json) ?? '')).toEqual({ ...json });
      }),
    );
  });
});

describe('stringifyJson', () => {
  it('writes bigint with all its digits, at any depth', () => {
    expect(stringifyJson({ id: 7300000000000000123n, list: [-1n], text: '1' })).toBe(
      '{"id":7300000000000000123,"list":[-1],"text":"1"}',
    );
    expect(stringifyJson(undefined)).toBe(undefined);
  });
});

function slowly(text: string): unknown {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && /^-?\d+$/.test(source ?? '') && !Number.isSafeInteger(value)
      ? BigInt(source ?? '')
      : value,
  );
}
