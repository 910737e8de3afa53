import { join } from 'node:path';
import type { FileRef } from '../functions/core/extract.ts';
import { type Measured, runChild } from './child.ts';
import { folder, isWanted } from './compare.ts';
import type { BenchRow } from './row.ts';
import { openClickhouseEngine } from './warehouse-files/clickhouse.ts';
import { makeOrders } from './warehouse-files/dataset.ts';
import { openDuckdbEngine } from './warehouse-files/duckdb.ts';
import type { Engine } from './warehouse-files/engine.ts';
import { openPostgresEngine } from './warehouse-files/postgres.ts';
import { openSqliteEngine } from './warehouse-files/sqlite.ts';

/** Rows of the files; BENCH_ROWS says another number. */
const rows = Number(process.env.BENCH_ROWS ?? 2_000_000);
const rounds = 3;
const bar = 1.15;

const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  DuckDB: openDuckdbEngine,
  PostgreSQL: openPostgresEngine,
  ClickHouse: openClickhouseEngine,
  SQLite: openSqliteEngine,
};

/**
 * Orders of 15 mixed columns from a CSV, JSON Lines and Parquet file into each warehouse that runs on this machine: a whole
 * run of the pipeline beside what a person would type.
 */
export async function benchWarehouseFiles(): Promise<BenchRow[]> {
  const nameOf = await makeOrders(rows);
  const lines: BenchRow[] = [];
  for (const [name, open] of Object.entries(engines)) {
    const formats = (['csv', 'ndjson', 'parquet'] as const).filter((format) =>
      isWanted(pathOf(format, name)),
    );
    if (formats.length === 0) continue;
    const engine = await open();
    try {
      for (const format of formats) lines.push(await contest(engine, format, nameOf(format)));
    } finally {
      await engine.close();
    }
  }
  return lines;
}

async function contest(
  engine: Engine,
  format: 'csv' | 'ndjson' | 'parquet',
  name: string,
): Promise<BenchRow> {
  const path = join(folder, name);
  const floor: number[] = [];
  const ours: number[] = [];
  const sums = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const typed = await engine.prepare();
    const began = performance.now();
    const measured = await typed.load(path, format);
    floor.push(measured ?? (performance.now() - began) / 1000);
    const loaded: Measured = await runChild(join(import.meta.dirname, 'warehouse-files/load.ts'), {
      ...engine.place,
      folder,
      name,
      format,
    });
    ours.push(loaded.seconds);
    for (const sum of await engine.checksums()) sums.add(sum);
  }
  const [own, bare] = [median(ours), median(floor)];
  return {
    path: pathOf(format, engine.name),
    ours: rows / own,
    floor: rows / bare,
    unit: 'rows/s',
    ratio: own / bare,
    rows,
    checksum: sums.size === 1 ? 'equal' : 'differs',
    bar,
    note: `floor: ${engine.typed[format]}`,
  };
}

function pathOf(format: FileRef['format'], warehouse: string): string {
  return `${format} file to ${warehouse}`;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
