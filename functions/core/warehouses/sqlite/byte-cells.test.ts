import { Buffer } from 'node:buffer';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { canonicalKind } from '../../files/look/cell-kind.ts';
import { createTsvLook } from '../../files/look/tsv-look.ts';
import { NotPlain } from '../../files/not-plain.ts';
import type { Column } from '../../schema.ts';
import type { WriteCell } from './byte-cells.ts';
import { canonicalCell, fileCell } from './byte-cells.ts';
import { applyChangeset, createChangeset } from './changeset.ts';
import { statementsOf } from './database.ts';
import { columnDefinitions } from './types.ts';

const of = (type: Column['type'], more: Partial<Column> = {}) =>
  ({ name: 'x', type, mode: 'NULLABLE', ...more }) as Column;

/** What a table of one such column keeps of a cell, or `bad`. */
function kept(column: Column, write: WriteCell | undefined, cell: string): unknown {
  const sql = statementsOf(new DatabaseSync(':memory:'));
  sql.run(`CREATE TABLE t (${columnDefinitions([column])})`);
  const rows = createChangeset('t', 1, 1);
  // Other cells stand around it.
  const bytes = Buffer.from(`0.${cell}0`);
  rows.begin();
  write?.(rows, bytes, 2, bytes.length - 1);
  applyChangeset(sql, rows.take());
  const value = sql.rows('SELECT x FROM t')[0]?.[0];
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

/** Whether the look at `tsv` lets the cell pass. */
function isCanonical(column: Column, cell: string): boolean {
  const look = createTsvLook([canonicalKind(column)], {
    cell: () => undefined,
    none: () => undefined,
    endRecord: () => undefined,
  });
  try {
    look.at(Buffer.from(`${cell}\n`));
    return true;
  } catch (error) {
    if (error instanceof NotPlain) return false;
    throw error;
  }
}

it.each<[Column['type'], string, unknown]>([
  ['STRING', 'Läufer', 'Läufer'],
  ['STRING', '', ''],
  ['JSON', '{"a": 1}', '{"a": 1}'],
  ['INTEGER', '-9223372036854775808', -(2n ** 63n)],
  ['INTEGER', '007', 7n],
  ...['9223372036854775808', '-9223372036854775809', '12345678901234567890', '1.0', '', '-', '1e3', ' 1'].map(
    (cell) => ['INTEGER', cell, 'bad'] as [Column['type'], string, unknown],
  ),
  ['FLOAT', '1.5e-7', 1.5e-7],
  ['FLOAT', '1.7976931348623157e+308', Number.MAX_VALUE],
  ['FLOAT', '0.30000000000000004', 0.1 + 0.2],
  ['FLOAT', 'Infinity', Number.POSITIVE_INFINITY],
  ['FLOAT', '-Infinity', Number.NEGATIVE_INFINITY],
  ['FLOAT', 'NaN', 'NaN'],
  ['FLOAT', '1,5', 'bad'],
  ['FLOAT', '', 'bad'],
  ['NUMERIC', '1.50', '1.5'],
  ['NUMERIC', '100', '100'],
  ['NUMERIC', '-0.500', '-0.5'],
  ['NUMERIC', '007.10', '7.1'],
  ['NUMERIC', '-0.0', '0'],
  ['NUMERIC', '00', '0'],
  ['NUMERIC', '0.25', '0.25'],
  ['NUMERIC', '1.1234567891', 'bad'],
  ['BIGNUMERIC', `${'9'.repeat(38)}.${'1'.repeat(38)}`, `${'9'.repeat(38)}.${'1'.repeat(38)}`],
  ['BIGNUMERIC', `-0.${'0'.repeat(37)}1`, `-0.${'0'.repeat(37)}1`],
  ['BOOLEAN', 't', 1n],
  ['BOOLEAN', 'f', 0n],
  ['BOOLEAN', 'true', 'bad'],
  ['DATE', '2024-02-29', '2024-02-29'],
  ['DATE', '2023-02-29', 'bad'],
  ['TIME', '10:00:00.500000', '10:00:00.5'],
  ['TIME', '10:00:00', '10:00:00'],
  ['TIME', '24:00:00', '24:00:00'],
  ['TIME', '24:00:00.000000', '24:00:00'],
  ['TIME', '24:00:01', 'bad'],
  ['TIME', '24:00:00.', 'bad'],
  ['DATETIME', '2024-01-01 00:00:00.120000', '2024-01-01 00:00:00.12'],
  ['DATETIME', 'infinity', 'bad'],
  ['TIMESTAMP', '2024-01-01 00:00:10', '2024-01-01 00:00:10+00'],
  ['TIMESTAMP', '2024-01-01 00:00:10.000001', '2024-01-01 00:00:10.000001+00'],
  ['BYTES', '00ff', '00ff'],
  ['BYTES', '', ''],
  ['BYTES', '0', 'bad'],
  ['BYTES', '0G', 'bad'],
])('keeps a canonical %s written %j as %s', (type, cell, value) => {
  const column = of(type);
  expect(isCanonical(column, cell) ? kept(column, canonicalCell(column), cell) : 'bad').toBe(value);
});

it.each<[Column['type'], string, unknown]>([
  ['BOOLEAN', 'true', 1n],
  ['BOOLEAN', 'false', 0n],
  ['DATETIME', '2024-01-01T10:00:00.100', '2024-01-01 10:00:00.1'],
  ['TIMESTAMP', '2024-01-01T10:00:00Z', '2024-01-01 10:00:00+00'],
  ['TIMESTAMP', '2024-01-01 10:00:00.250+00:00', '2024-01-01 10:00:00.25+00'],
  ['TIMESTAMP', '2024-01-01 10:00:00+00', '2024-01-01 10:00:00+00'],
])('keeps a %s of a file written %j as %s', (type, cell, value) => {
  const column = of(type);
  expect(kept(column, fileCell(column), cell)).toBe(value);
});

it('leaves types and formats of files that take a close look to the checked reader', () => {
  expect(
    [of('BYTES'), of('RECORD'), of('DATE', { format: '%d.%m.%Y' }), of('STRING', { mode: 'REPEATED' })].map(
      fileCell,
    ),
  ).toEqual([undefined, undefined, undefined, undefined]);
});
