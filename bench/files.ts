import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';
import type { FileRef, SourceCode } from '../functions/core/extract.ts';
import type { Pipeline } from '../functions/core/pipeline.ts';
import { runPipeline } from '../functions/core/run/run.ts';
import type { Column } from '../functions/core/schema.ts';
import { parseSchema } from '../functions/core/schema.ts';
import { openWarehouse } from '../functions/core/warehouses/open.ts';
import { discover, extract } from '../functions/files/extract.ts';
import { source } from '../functions/files/source.ts';
import type { BenchRow } from './row.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, '.catchment/bench');
const flights = join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');
/** Both sides get the memory that the local stack gives its warehouse. */
const memoryLimit = '512MB';

interface Shape {
  readonly format: FileRef['format'];
  readonly name: string;
  /** What a person would type after CREATE TABLE x AS SELECT * FROM. */
  readonly typed: (path: string) => string;
  readonly bar?: number;
}

const shapes: readonly Shape[] = [
  { format: 'parquet', name: 'flights.parquet', typed: (path) => `read_parquet('${path}')`, bar: 1.15 },
  { format: 'csv', name: 'flights.csv', typed: (path) => `read_csv('${path}')` },
  { format: 'ndjson', name: 'flights.ndjson', typed: (path) => `read_json('${path}')` },
];

/**
 * 3 million flights from a file to a DuckDB file: a whole run of the pipeline against the CREATE TABLE AS that a person
 * would type, by turns, each into a new file and until that file is closed. The best of `rounds` counts.
 */
export async function benchFiles(rounds = 5): Promise<BenchRow[]> {
  await makeFiles();
  const file = 'schemas/files/flights.json';
  const columns = parseSchema(await readFile(join(root, file), 'utf8'), file);
  const rows: BenchRow[] = [];
  for (const shape of shapes) {
    const floors: Measured[] = [];
    const ours: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push(await inNewFile((path) => loadByHand(shape, path)));
      ours.push(await inNewFile((path) => loadByRun(shape, path, columns)));
    }
    const [floor, own] = [best(floors), best(ours)];
    rows.push({
      path: `files: ${shape.format} to DuckDB`,
      ours: own.seconds,
      floor: floor.seconds,
      unit: 's',
      ratio: own.seconds / floor.seconds,
      rows: own.rows,
      checksum: own.checksum === floor.checksum && own.rows === floor.rows ? 'equal' : 'differs',
      ...(shape.bar !== undefined && { bar: shape.bar }),
    });
  }
  return rows;
}

interface Measured {
  readonly seconds: number;
  readonly rows: number;
  readonly checksum: string;
}

async function loadByHand({ name, typed }: Shape, path: string): Promise<Measured> {
  const instance = await DuckDBInstance.create(path, { memory_limit: memoryLimit });
  const connection = await instance.connect();
  const start = performance.now();
  await connection.run(`create table flights as select * from ${typed(join(folder, name))}`);
  connection.closeSync();
  instance.closeSync();
  return { seconds: (performance.now() - start) / 1000, ...(await checksum(path, 'main.flights')) };
}

async function loadByRun(
  { name, format }: Shape,
  path: string,
  columns: readonly Column[],
): Promise<Measured> {
  const pipeline: Pipeline = {
    name: 'files',
    source: 'files',
    warehouse: { name: 'main', kind: 'duckdb', path, memoryLimit },
    dataset: 'loaded',
    tables: [
      {
        declared: 'flights',
        name: 'flights',
        schema: 'files/flights',
        key: [],
        cursor: { kind: 'objects' },
        writeMode: 'replace',
        options: { path: name, format },
      },
    ],
    groups: [{ name: 'bench', timeZone: 'UTC', sandbox: false, settings: { root: folder } }],
    schedule: { ...source.schedule, paused: false },
    runsOn: 'job',
  };
  const warehouse = await openWarehouse(pipeline.warehouse, { root });
  const start = performance.now();
  const summary = await runPipeline({
    pipeline,
    group: 'bench',
    source,
    code: { extract, discover } as unknown as SourceCode,
    schemas: { 'files/flights': columns },
    warehouse,
    secret: {},
    trigger: 'test',
  });
  await warehouse.close();
  const seconds = (performance.now() - start) / 1000;
  if (summary.run.status !== 'succeeded') throw new Error(`the run ended ${summary.run.status}`);
  return { seconds, ...(await checksum(path, 'loaded.flights')) };
}

/** The same for the same rows in any order. */
async function checksum(path: string, table: string): Promise<{ rows: number; checksum: string }> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const [[rows, sum] = []] = await ask(
    connection,
    `select count(*)::double, sum(hash(date, delay::bigint, distance::bigint, origin, destination)::hugeint)::varchar from ${table}`,
  );
  connection.closeSync();
  instance.closeSync();
  return { rows: Number(rows), checksum: String(sum) };
}

/** The flights as CSV and JSON Lines, written once. */
async function makeFiles(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const { name, format } of shapes) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    if (format === 'parquet') await copyFile(flights, `${path}.part`);
    else
      await connection.run(
        `copy (from read_parquet('${flights}')) to '${path}.part' (${format === 'csv' ? 'header' : 'format json'})`,
      );
    await rename(`${path}.part`, path);
  }
  connection.closeSync();
  instance.closeSync();
}

async function inNewFile(work: (path: string) => Promise<Measured>): Promise<Measured> {
  const own = await mkdtemp(join(folder, 'run-'));
  try {
    return await work(join(own, 'bench.duckdb'));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function ask(connection: DuckDBConnection, sql: string) {
  return (await connection.runAndReadAll(sql)).getRows();
}

function best(measured: readonly Measured[]): Measured {
  const [first] = [...measured].sort((a, b) => a.seconds - b.seconds);
  if (first === undefined) throw new Error('nothing was measured');
  return first;
}
