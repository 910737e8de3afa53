import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Machine, machineFacts } from './machine.ts';
import { renderReport } from './report.ts';
import type { BenchRow } from './row.ts';
import { hasPassed, verdictOf } from './verdict.ts';

const machine: Machine = { cores: 2, node: '24.21.0', duckdb: '1.5.5', load: 0.25 };

const flights: BenchRow = {
  path: 'parquet file',
  ours: 1.1,
  floor: 1,
  unit: 's',
  ratio: 1.1,
  rows: 3_000_000,
  checksum: 'equal',
  bar: 1.15,
};
const pages: BenchRow = {
  path: 'api pages',
  ours: 48_211.4,
  floor: 90_000,
  unit: 'rows/s',
  ratio: 1.867,
  rows: 221_000,
  checksum: 'equal',
  note: 'a note',
};
const bundle: BenchRow = {
  path: 'bundle',
  ours: 401.2,
  floor: 500,
  unit: 'kB',
  ratio: 0.8024,
  rows: 2,
  checksum: 'n/a',
  bar: 1,
};

describe('a verdict', () => {
  test('passes up to the bar and misses beyond', () => {
    expect(verdictOf({ ...flights, ratio: 1.15 })).toBe('passes');
    expect(verdictOf({ ...flights, ratio: 1.1501 })).toBe('misses');
  });

  test('misses where nothing could be measured', () => {
    expect(verdictOf({ ...flights, ratio: Number.NaN })).toBe('misses');
  });

  test('is none without a bar', () => {
    expect(verdictOf(pages)).toBe('-');
  });

  test('says that results differ, whatever the ratio', () => {
    expect(verdictOf({ ...flights, checksum: 'differs' })).toBe('differs');
    expect(verdictOf({ ...pages, checksum: 'differs' })).toBe('differs');
  });

  test('of all lines fails on one bar missed or one result that differs', () => {
    expect(hasPassed([flights, pages, bundle])).toBe(true);
    expect(hasPassed([flights, pages, { ...bundle, ratio: 1.01 }])).toBe(false);
    expect(hasPassed([flights, { ...pages, checksum: 'differs' }])).toBe(false);
  });
});

describe('the report', () => {
  test('fits 80 columns with everything in it', () => {
    expect(renderReport(machine, [flights, pages, bundle], 80)).toEqual([
      '2 cores, Node 24.21.0, DuckDB 1.5.5; load before: 0.3',
      '',
      'path                 ours   floor  ratio   bar  verdict       rows  checksum',
      '─────────────────  ──────  ──────  ─────  ────  ───────  ─────────  ────────',
      'parquet file, s      1.10    1.00   1.10  1.15  passes   3,000,000  equal',
      'api pages, rows/s  48,211  90,000   1.87     -  -          221,000  equal',
      'bundle, kB            401     500   0.80  1.00  passes           2  n/a',
      '',
      'api pages: a note',
      '2 of 2 bars passed',
    ]);
  });

  test('names what missed and what differs', () => {
    const rows = [{ ...flights, ratio: 1.3 }, { ...pages, checksum: 'differs' } as const];
    expect(renderReport(machine, rows).at(-1)).toBe('missed: parquet file; results differ: api pages');
  });

  test('says what a narrow terminal has no room for', () => {
    expect(renderReport(machine, [flights], 50)).toEqual([
      '2 cores, Node 24.21.0, DuckDB 1.5.5; load before: 0.3',
      '',
      'path             ours  floor  ratio   bar  verdict',
      '───────────────  ────  ─────  ─────  ────  ───────',
      'parquet file, s  1.10   1.00   1.10  1.15  passes',
      '',
      'no room for: rows, checksum',
      '1 of 1 bars passed',
    ]);
  });

  test('shows a question mark for what could not be measured', () => {
    const [, , , , line] = renderReport(machine, [{ ...flights, ours: Number.NaN, ratio: Number.NaN }]);
    expect(line).toBe('parquet file, s     ?   1.00    NaN  1.15  misses   3,000,000  equal');
  });
});

test('the machine is described by its cores, Node and DuckDB', () => {
  const { cores, node, duckdb } = machineFacts();
  expect(cores).toBeGreaterThan(0);
  expect(node).toBe(process.versions.node);
  expect(duckdb).toMatch(/^1\.\d+\.\d+$/);
});

describe('the command line', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );

  test('refuses a benchmark that does not exist, with the names of those that do', async () => {
    expect(await run('filez')).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^there is no such benchmark: got "filez"; allowed: files, .*, postgres-to-duckdb\n$/,
      ),
    });
  });

  test('refuses an option that does not exist', async () => {
    const { code, stdout, stderr } = await run('--jsn');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Unknown option '--jsn'.*see npm run bench -- --help\n$/s);
  });

  test('explains itself', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('usage: npm run bench [-- name ...] [--rows n] [--only text] [--json]\n');
  });
});
