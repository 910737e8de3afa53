import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { startMariadb } from '../../tests/setup/mariadb.ts';
import type { Measured } from '../child.ts';
import { runChild } from '../child.ts';
import { folder } from '../compare.ts';
import type { BenchRow } from '../row.ts';
import { benchTable, checksumSql } from './dataset.ts';
import { createMariadbRows } from './mariadb-to-duckdb/rows.ts';

/** Rows of the table; `--rows` says another number. */
const rows = Number(process.env.BENCH_ROWS ?? 2_000_000);

/** MiB of the whole process, DuckDB with 512 MB included. */
const memoryLimit = 768;

/** Rows a second that leave MariaDB as bytes, at least. */
const leastRate = 300_000;

/**
 * A table of 15 mixed columns from MariaDB into a DuckDB file: a whole run of the kit, beside `mariadb --quick --batch`
 * to a file with `read_csv` after it. And the same rows as bytes to nothing.
 */
export async function benchMariadbToDuckdb(rounds = 3): Promise<BenchRow[]> {
  const server = await startMariadb({ 'innodb-buffer-pool-size': '1G' });
  const { host, port, user, password, database } = server;
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, 'run-'));
  try {
    const connection = await server.connect();
    await createMariadbRows(connection, rows);
    const [found] = await connection.query({ sql: checksumSql('mariadb', benchTable), rowsAsArray: true });
    await connection.end();
    const sums = new Set([String((found as unknown as unknown[][])[0])]);
    const sides: Record<'load' | 'load-by-hand' | 'read', Measured[]> = {
      load: [],
      'load-by-hand': [],
      read: [],
    };
    for (let round = 0; round < rounds; round += 1) {
      // All by turns, so that a busy minute of the machine meets all of them.
      for (const side of ['load', 'load-by-hand', 'read'] as const) {
        const path = join(own, `${side}.duckdb`);
        const input = { host, port, user, password, database, path, file: join(own, 'rows.tsv') };
        sides[side].push(await runChild(join(import.meta.dirname, 'mariadb-to-duckdb', `${side}.ts`), input));
        if (side !== 'read') sums.add(await checksum(path, side === 'load' ? 'loaded.rows' : 'rows'));
        for (const file of [path, input.file]) await rm(file, { force: true });
      }
    }
    const checked = { rows, checksum: sums.size === 1 ? 'equal' : 'differs' } as const;
    const seconds = (side: keyof typeof sides) => median(sides[side].map((each) => each.seconds));
    const peak = median(sides.load.map(({ peakMegabytes }) => peakMegabytes));
    return [
      {
        path: 'MariaDB to DuckDB',
        ours: rows / seconds('load'),
        floor: rows / seconds('load-by-hand'),
        unit: 'rows/s',
        ratio: seconds('load') / seconds('load-by-hand'),
        ...checked,
        bar: 1.3,
      },
      {
        path: '... bytes to nothing',
        ours: rows / seconds('read'),
        floor: leastRate,
        unit: 'rows/s',
        ratio: (leastRate * seconds('read')) / rows,
        ...checked,
        bar: 1,
        note: 'the floor is the rate that the kit sets itself',
      },
      {
        path: '... memory',
        ours: peak,
        floor: memoryLimit,
        unit: 'MiB',
        ratio: peak / memoryLimit,
        ...checked,
        bar: 1,
        note: 'the floor is the limit that the kit sets itself, whatever the size of the table',
      },
    ];
  } finally {
    await server.stop();
    await rm(own, { recursive: true, force: true });
  }
}

async function checksum(path: string, table: string): Promise<string> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const [row] = (await connection.runAndReadAll(checksumSql('duckdb', table))).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return String(row);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
