import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Column, ColumnType } from '../schema.ts';
import { createRowChecker } from './check.ts';
import { mask } from './mask.ts';

describe('a value', () => {
  const good: [ColumnType, unknown, unknown][] = [
    ['STRING', 'é', 'é'],
    ['STRING', 7300000000000000123n, '7300000000000000123'],
    ['STRING', 1.5, '1.5'],
    ['STRING', '', ''],
    ['STRING', 'a\ud800b', 'a\ufffdb'],
    ['INTEGER', 12, 12n],
    ['INTEGER', '12', 12n],
    ['INTEGER', '12.0', 12n],
    ['INTEGER', '-9223372036854775808', -9223372036854775808n],
    ['INTEGER', 9223372036854775807n, 9223372036854775807n],
    ['FLOAT', '20.00', 20],
    ['FLOAT', '1.5e3', 1500],
    ['FLOAT', 3n, 3],
    ['NUMERIC', '00123.4500', '123.45'],
    ['NUMERIC', '-0.000', '0'],
    ['NUMERIC', 1e-7, '0.0000001'],
    ['NUMERIC', '99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
    ['BIGNUMERIC', `${'9'.repeat(38)}.${'1'.repeat(38)}`, `${'9'.repeat(38)}.${'1'.repeat(38)}`],
    ['NUMERIC', 1.2e21, '1200000000000000000000'],
    ['BOOLEAN', 'TRUE', true],
    ['BOOLEAN', 0, false],
    ['DATE', '2026-10-01', '2026-10-01'],
    ['DATE', '2026-10-01 00:00:00', '2026-10-01'],
    ['TIME', '23:59:59.123456', '23:59:59.123456'],
    ['DATETIME', '2026-10-01T12:30', '2026-10-01 12:30:00'],
    ['DATETIME', '2026-10-01 12:30:01.5', '2026-10-01 12:30:01.5'],
    ['TIMESTAMP', '1970-01-01T00:00:01.000001Z', 1000001n],
    ['TIMESTAMP', '1970-01-01 02:00:00+02:00', 0n],
    ['TIMESTAMP', '1969-12-31 23:59:59', -1000000n],
    ['TIMESTAMP', new Date(1500), 1500000n],
    ['FLOAT', '-.5', -0.5],
    ['FLOAT', '12.', 12],
    ['INTEGER', '+0012', 12n],
    ['STRING', 'a\0b', 'a\0b'],
    ['DATE', '2000-02-29', '2000-02-29'],
    ['TIMESTAMP', new Date(-1), -1000n],
    ['TIMESTAMP', '0001-01-01', -62135596800000000n],
    ['TIMESTAMP', '9999-12-31T23:59:59.999999Z', 253402300799999999n],
    ['JSON', 'a\ud800b\\ud800', '"a\\ufffdb\\\\ud800"'],
    ['JSON', '\ud83d\ude00', '"\ud83d\ude00"'],
    ['BYTES', 'aGk=', Uint8Array.from([104, 105])],
    ['JSON', { id: 7300000000000000123n }, '{"id":7300000000000000123}'],
    ['JSON', 'text', '"text"'],
  ];
  it.each(good)('takes a %s from %o as %o', (type, from, to) => {
    expect(cell({ type }, from)).toEqual(to);
  });

  const bad: [ColumnType, unknown, string][] = [
    ['STRING', { a: 1 }, 'is not text'],
    ['STRING', 2 ** 60, 'is beyond 2^53 and may have lost digits'],
    ['STRING', Number.POSITIVE_INFINITY, 'is not a finite number'],
    ['STRING', new Date(0), 'is not text'],
    ['JSON', Number.NaN, 'is not a finite number'],
    ['JSON', circle(), 'cannot be written as JSON'],
    ['FLOAT', '1.2.3', 'is not a number'],
    ['FLOAT', '0x10', 'is not a number'],
    ['DATE', '1900-02-29', 'is not a date as YYYY-MM-DD'],
    ['DATE', '0000-01-01', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-1O-01', 'is not a date as YYYY-MM-DD'],
    ['TIMESTAMP', '2026-10-01 10:00:00+24:00', 'is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]'],
    ['TIMESTAMP', '0001-01-01 00:00:00+01:00', 'is outside the years 1 to 9999'],
    ['TIMESTAMP', new Date(Number.NaN), 'is an invalid Date'],
    ['INTEGER', '12.5', 'is not a whole number'],
    ['INTEGER', '-', 'is not a whole number'],
    ['INTEGER', '9223372036854775808', 'does not fit into 64 bits'],
    ['INTEGER', 2 ** 60, 'is beyond 2^53 and may have lost digits'],
    ['INTEGER', true, 'is not a whole number'],
    ['FLOAT', '', 'is not a number'],
    ['FLOAT', Number.NaN, 'is not a finite number'],
    ['FLOAT', '1e999', 'is not a number'],
    ['NUMERIC', '0.0000000001', 'has more than 9 digits after the point'],
    ['NUMERIC', '1'.repeat(30), 'has more than 29 digits before the point'],
    ['NUMERIC', '.', 'is not a decimal number'],
    ['BOOLEAN', 'yes', 'is not true or false'],
    ['DATE', '2026-02-30', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-10-01 12:00:00', 'is not a date as YYYY-MM-DD'],
    ['TIME', '24:00:00', 'is not a time as HH:MM:SS'],
    ['DATETIME', '2026-10-01 12:00:00Z', 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS'],
    ['TIMESTAMP', 1790000000, 'is not a moment: give ISO text or a Date'],
    ['TIMESTAMP', '2026-10-01 25:00:00', 'is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]'],
    ['BYTES', 'a', 'is not bytes or base64'],
  ];
  it.each(bad)('quarantines a %s from %o, because it %s', (type, from, reason) => {
    const { batch, quarantined } = check([{ name: 'c', type, mode: 'NULLABLE' }], [{ c: from }]);
    expect(batch.rows).toBe(0);
    expect(quarantined).toEqual([
      {
        row: 0,
        path: 'c',
        reason,
        masked: from instanceof Date && Number.isNaN(from.getTime()) ? mask(String(from)) : mask(from),
      },
    ]);
  });

  it('keeps every 64-bit integer, as a number, a bigint or text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(cell({ type: 'INTEGER' }, value)).toBe(value);
        expect(cell({ type: 'INTEGER' }, String(value))).toBe(value);
        expect(cell({ type: 'NUMERIC' }, value)).toBe(String(value));
      }),
    );
  });

  it('reads every moment back to the microsecond', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(cell({ type: 'TIMESTAMP' }, date.toISOString())).toBe(BigInt(date.getTime()) * 1000n);
        },
      ),
    );
  });
});

function check(columns: readonly Column[], rows: readonly Record<string, unknown>[]) {
  return createRowChecker(columns, { origin: 'o' }).check(rows);
}

function cell(column: { readonly type: ColumnType }, value: unknown): unknown {
  const { batch, quarantined } = check([{ name: 'c', mode: 'NULLABLE', ...column }], [{ c: value }]);
  expect(quarantined).toEqual([]);
  return batch.values[0]?.[0];
}

function circle(): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}
