import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Fault } from '../../core/sandbox.ts';

/** A fault of files, with how it is made in the sandbox's folder. */
export interface FileFault extends Fault {
  readonly make: (folder: string) => Promise<void>;
}

/** In a file of 200 rows these are few: the good ones load. */
export const fileFaults: readonly FileFault[] = [
  {
    name: 'truncated-gzip',
    what: 'weather.csv.gz ends in the middle',
    ends: 'partial',
    says: 'the gzip file ends too early',
    make: (folder) => halve(join(folder, 'weather.csv.gz')),
  },
  {
    name: 'truncated-zstd',
    what: 'zipcodes.csv.zst ends in the middle',
    ends: 'partial',
    says: 'the zstd file ends too early',
    make: (folder) => halve(join(folder, 'zipcodes.csv.zst')),
  },
  {
    name: 'truncated-parquet',
    what: 'flights-3m.parquet ends in the middle',
    ends: 'partial',
    says: 'not a whole Parquet file',
    make: (folder) => halve(join(folder, 'flights-3m.parquet')),
  },
  {
    name: 'truncated-json',
    what: 'movies.json ends in the middle',
    ends: 'partial',
    says: 'not valid JSON',
    make: (folder) => halve(join(folder, 'movies.json')),
  },
  {
    name: 'ragged-rows',
    what: 'stocks.csv has a row with a cell too many and one with a cell too few',
    ends: 'succeeded',
    make: (folder) => append(join(folder, 'stocks.csv'), 'MSFT,Jan 1 2031,1.5,more\nMSFT,Feb 1 2031\n'),
  },
  {
    name: 'bad-cells',
    what: 'stocks.csv has a price that is no number, a date that is none and a row without a symbol',
    ends: 'succeeded',
    make: (folder) =>
      append(join(folder, 'stocks.csv'), 'MSFT,Jan 1 2031,n/a\nMSFT,soon,1.5\n,Feb 1 2031,1.5\n'),
  },
  {
    name: 'bad-record',
    what: 'flight-delays.ndjson has a line with a delay that is no number',
    ends: 'succeeded',
    make: (folder) =>
      append(join(folder, 'flight-delays.ndjson'), '{"delay":"late","distance":1,"time":0}\n'),
  },
  {
    name: 'wrong-encoding',
    what: 'airports.csv is Latin-1',
    ends: 'partial',
    says: 'of the table to',
    make: (folder) =>
      append(join(folder, 'airports.csv'), Buffer.from('ZRH,Zürich,Zürich,NA,CH,47.4,8.5\n', 'latin1')),
  },
  {
    name: 'utf-16',
    what: 'stocks.csv is UTF-16',
    ends: 'partial',
    says: 'of the table to',
    make: (folder) =>
      rewrite(join(folder, 'stocks.csv'), (bytes) => Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le')),
  },
  {
    name: 'windows-csv',
    what: 'stocks.csv has a byte order mark, carriage returns and a quoted line break',
    ends: 'succeeded',
    make: (folder) =>
      rewrite(join(folder, 'stocks.csv'), (bytes) =>
        Buffer.from(`\ufeff${bytes.toString().replaceAll('\n', '\r\n')}"MS\r\nFT",Jan 1 2031,1.5\r\n`),
      ),
  },
  {
    name: 'unknown-column',
    what: 'stocks.csv has a column that the schema file does not name',
    ends: 'succeeded',
    says: 'volume',
    make: (folder) =>
      rewrite(join(folder, 'stocks.csv'), (bytes) =>
        Buffer.from(
          bytes
            .toString()
            .replace('price\n', 'price,volume\n')
            .replace('39.81\n', '39.81,7\n')
            .replaceAll(/(\d)\n/g, '$1,7\n')
            .replace('39.81,7,7', '39.81,7'),
        ),
      ),
  },
  {
    name: 'missing-column',
    what: 'airports.csv has no column iata, which is REQUIRED',
    ends: 'partial',
    says: 'which is REQUIRED',
    make: (folder) =>
      rewrite(join(folder, 'airports.csv'), (bytes) => Buffer.from(bytes.toString().replace('iata', 'code'))),
  },
  {
    name: 'no-records',
    what: 'earthquakes.json holds its records elsewhere',
    ends: 'partial',
    says: 'has no list in the field that',
    make: (folder) =>
      rewrite(join(folder, 'earthquakes.json'), (bytes) =>
        Buffer.from(bytes.toString().replace('"features":', '"events":')),
      ),
  },
  {
    name: 'huge-cell',
    what: 'weather.csv.gz has a cell of 100 MB',
    ends: 'partial',
    says: 'is longer than',
    make: (folder) =>
      writeFile(
        join(folder, 'weather.csv.gz'),
        gzipSync(
          Buffer.concat([
            Buffer.from('location,date,precipitation,temp_max,temp_min,wind,weather\n'),
            Buffer.alloc(100_000_000, 'x'),
            Buffer.from(',2012-01-01,0,0,0,0,sun\n'),
          ]),
          { level: 1 },
        ),
      ),
  },
  {
    name: 'empty-file',
    what: 'stocks.csv has 0 bytes',
    ends: 'partial',
    says: 'the file is empty',
    make: (folder) => truncate(join(folder, 'stocks.csv')),
  },
  {
    name: 'missing-file',
    what: 'birdstrikes.csv is not there',
    ends: 'partial',
    says: 'no file matches path: got "birdstrikes.csv"',
    make: (folder) => rm(join(folder, 'birdstrikes.csv')),
  },
];

async function halve(path: string): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length >> 1));
}

async function append(path: string, more: string | Buffer): Promise<void> {
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.from(more as string)]));
}

async function rewrite(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}
