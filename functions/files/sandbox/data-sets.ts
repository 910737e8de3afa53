import { copyFile, link, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { coveringRecords, coveringValues } from './cut.ts';

/** The package whose files are served, unpacked. Its data sets are real: https://github.com/vega/vega-datasets */
export const dataFolder = join(import.meta.dirname, '../../../node_modules/vega-datasets/data');

/** One file of the sandbox and its entry in the stack file. */
export interface DataSet {
  /** The table, and its schema file. */
  readonly table: string;
  /** File of the package. */
  readonly from: string;
  readonly entry: { readonly path: string } & Readonly<Record<string, unknown>>;
  /** Turns the package's bytes into the sandbox's. Absent: the same bytes. */
  readonly write?: (bytes: Buffer) => Buffer;
  /** Cuts the package's bytes down to a sample. Absent: `writeSample` does it. */
  readonly cut?: (bytes: Buffer) => Buffer;
}

const sampleRows = 200;

export const dataSets: readonly DataSet[] = [
  {
    table: 'flights',
    from: 'flights-3m.parquet',
    entry: { path: 'flights-3m.parquet', writeMode: 'replace' },
  },
  {
    table: 'flight_delays',
    from: 'flights-200k.json',
    entry: { path: 'flight-delays.ndjson' },
    write: toLines,
    cut: (bytes) => toJson(parse(bytes).slice(0, sampleRows)),
  },
  {
    table: 'weather',
    from: 'weather.csv',
    entry: { path: 'weather.csv.gz', key: ['location', 'date'] },
    write: (bytes) => gzipSync(bytes),
    cut: cutLines,
  },
  {
    table: 'airports',
    from: 'airports.csv',
    entry: { path: 'airports.csv', writeMode: 'merge', key: ['iata'] },
    cut: cutLines,
  },
  {
    table: 'stocks',
    from: 'stocks.csv',
    entry: { path: 'stocks.csv', key: ['symbol', 'date'] },
    cut: cutLines,
  },
  {
    table: 'zipcodes',
    from: 'zipcodes.csv',
    entry: { path: 'zipcodes.csv.zst' },
    write: (bytes) => zstdCompressSync(bytes),
    cut: cutLines,
  },
  { table: 'unemployment', from: 'unemployment.tsv', entry: { path: 'unemployment.tsv' }, cut: cutLines },
  { table: 'birdstrikes', from: 'birdstrikes.csv', entry: { path: 'birdstrikes.csv' }, cut: cutLines },
  {
    table: 'movies',
    from: 'movies.json',
    entry: { path: 'movies.json' },
    cut: (bytes) => toJson(coveringRecords(parse(bytes), sampleRows)),
  },
  {
    table: 'earthquakes',
    from: 'earthquakes.json',
    entry: { path: 'earthquakes.json', records: 'features' },
    cut: (bytes) => {
      const collection = JSON.parse(bytes.toString()) as { features: unknown[] };
      return toJson({ ...collection, features: coveringRecords(collection.features, sampleRows) });
    },
  },
];

/** Writes all files whole: hard links where the bytes are the package's own. */
export async function writeAll(folder: string): Promise<void> {
  for (const { from, entry, write } of dataSets) {
    const [source, target] = [join(dataFolder, from), join(folder, entry.path)];
    if (write === undefined) await link(source, target).catch(() => copyFile(source, target));
    else await writeFile(target, write(await readFile(source)));
  }
}

/** Writes a sample of each file in which every column has a value. */
export async function writeSamples(folder: string): Promise<void> {
  for (const { from, entry, write = (bytes: Buffer) => bytes, cut } of dataSets) {
    const [source, target] = [join(dataFolder, from), join(folder, entry.path)];
    if (cut === undefined) await writeParquetSample(source, target);
    else await writeFile(target, write(cut(await readFile(source))));
  }
}

async function writeParquetSample(source: string, target: string): Promise<void> {
  const quote = (path: string) => `'${path.replaceAll("'", "''")}'`;
  await runSql(
    `copy (select * from read_parquet(${quote(source)}) limit ${sampleRows}) to ${quote(target)} (format parquet)`,
  );
}

/** Writes files by DuckDB. */
export async function runSql(sql: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** Quoted line breaks do not occur in the package's CSV files. */
function cutLines(bytes: Buffer): Buffer {
  const [header = '', ...lines] = bytes.toString().split('\n');
  const cells = (line: string) => line.replace(/\r$/, '').split(/[,\t]/);
  const rows = lines.filter((line) => line !== '');
  return Buffer.from(`${[header, ...coveringValues(rows, cells, sampleRows)].join('\n')}\n`);
}

function toLines(bytes: Buffer): Buffer {
  return Buffer.from(
    parse(bytes)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join(''),
  );
}

function parse(bytes: Buffer): unknown[] {
  return JSON.parse(bytes.toString()) as unknown[];
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
