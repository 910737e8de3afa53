import { compare, rates } from './compare.ts';
import type { BenchRow } from './row.ts';
import { columns } from './rows/pages.ts';

/**
 * A million records that exist as objects, in pages of a thousand and one slice, into a DuckDB file: checked, staged and
 * merged by a run, beside DuckDB's own appender.
 */
export async function benchRows(rounds = 3): Promise<BenchRow[]> {
  const compared = await compare({
    ours: { script: 'rows/load.ts', table: 'loaded.rows' },
    floor: { script: 'rows/load-by-hand.ts', table: 'rows' },
    input: {},
    values: columns.map(({ name }) => name).join(', '),
    rounds,
  });
  const { rows, checksum, peakMegabytes } = compared;
  return [
    { path: 'row objects', ...rates(compared), unit: 'rows/s', rows, checksum },
    { path: 'rows memory', ...peakMegabytes, unit: 'MiB', rows, checksum },
  ];
}
