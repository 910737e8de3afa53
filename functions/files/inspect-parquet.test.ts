import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFile, typesOf } from './inspect-fixture.ts';
import { runSql } from './sandbox/data-sets.ts';
import type { TestPlace } from './sandbox/places.ts';
import { openPlace } from './sandbox/places.ts';

let place: TestPlace;
beforeEach(async () => {
  place = await openPlace('s3');
});
afterEach(() => place.close());

describe('inspect.describe of Parquet', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'catchment-inspect-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('shows the first rows by what is read of a large file: its footer and its first row group', async () => {
    const file = join(folder, 'x.parquet');
    await runSql(
      `copy (select range as id, hash(range)::varchar as noise from range(1_000_000)) to '${file}' (format parquet)`,
    );
    const bytes = await readFile(file);
    await place.put('x.parquet', bytes);
    const found = await describeFile(place, { path: 'x.parquet' });
    expect(found).toMatchObject({ rows: 1_000_000, columns: [{ column: { name: 'id' } }, {}], warnings: [] });
    expect(found.sample).toEqual([
      ['0', expect.stringMatching(/^\d+$/)],
      ['1', expect.stringMatching(/^\d+$/)],
    ]);
    expect(place.bytesServed()).toBeLessThan(bytes.length / 7);
  });

  it('reads no rows of a first row group that is too large, and says so', async () => {
    const file = join(folder, 'x.parquet');
    await runSql(
      `copy (select range as id, repeat(hash(range)::varchar, 20) as noise from range(120_000)) to '${file}' (format parquet, compression uncompressed)`,
    );
    const bytes = await readFile(file);
    await place.put('x.parquet', bytes);
    const { sample, warnings } = await describeFile(place, { path: 'x.parquet' });
    expect([sample, warnings]).toEqual([
      [],
      [
        expect.stringMatching(
          /^no rows are shown: the first row group has \d+ MB, and no more than 16 MB are read$/,
        ),
      ],
    ]);
    expect(place.bytesServed()).toBe(8 + bytes.readUInt32LE(bytes.length - 8));
  });

  it('finds a type for every type that DuckDB writes', async () => {
    const file = join(folder, 'x.parquet');
    await runSql(`copy (select true as b, 1::tinyint as i8, 1::int as i32, 1::bigint as i64, 1::ubigint as u64,
      1.5::float as f, 1.5::double as d, 1.5::decimal(12,2) as dec, 1.5::decimal(38,20) as bigdec, 'x' as s,
      'x'::blob as bytes, date '2026-01-01' as day, time '10:00:00' as t, timestamp '2026-01-01' as dt,
      timestamptz '2026-01-01 00:00:00+00' as ts, uuid() as u, [1,2] as list, [[1]] as lists, {'a': 1, 'B c': 'x'} as rec,
      [{'n': 1}] as recs, map {'k': 1} as m, '{}'::json as j, 'x' as "Odd Name") to '${file}' (format parquet)`);
    await place.put('x.parquet', await readFile(file));
    expect(await typesOf(place, { path: 'x.parquet' })).toEqual({
      b: 'BOOLEAN',
      i8: 'INTEGER',
      i32: 'INTEGER',
      i64: 'INTEGER',
      u64: 'NUMERIC',
      f: 'FLOAT',
      d: 'FLOAT',
      dec: 'NUMERIC',
      bigdec: 'BIGNUMERIC',
      s: 'STRING',
      bytes: 'BYTES',
      day: 'DATE',
      t: 'TIME',
      dt: 'DATETIME',
      ts: 'TIMESTAMP',
      u: 'STRING',
      list: 'INTEGER REPEATED',
      lists: 'JSON',
      rec: 'RECORD',
      recs: 'RECORD REPEATED',
      m: 'JSON',
      j: 'JSON',
      odd_name: 'STRING',
    });
  });

  it('refuses a file without a footer', async () => {
    await place.put('x.parquet', 'PAR1 and then nothing');
    await expect(describeFile(place, { path: 'x.parquet' })).rejects.toThrow(
      '[s3://exports/in/x.parquet] this is not a whole Parquet file; deliver it again',
    );
  });
});
