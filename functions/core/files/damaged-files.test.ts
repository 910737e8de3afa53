import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileRef } from '../extract.ts';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';

let fixture: LoadFixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(() => fixture.close());

const ab = [
  { name: 'a', type: 'INTEGER' },
  { name: 'b', type: 'STRING' },
];

const lines = `a,b\n${Array.from({ length: 50_000 }, (_, row) => `${row},${Math.sin(row)}\n`).join('')}`;
const records = Array.from({ length: 50_000 }, (_, a) => `{"a":${a},"b":"${Math.sin(a)}"}\n`).join('');

type Case = readonly [name: string, content: string | Buffer, format: FileRef['format'], says: string];

const again = 'deliver it again; nothing of it was loaded';

const cases: readonly Case[] = [
  ['cut.csv.gz', cut(gzipSync(lines)), 'csv', `the gzip file ends too early: got PATH; ${again}`],
  ['cut.csv.zst', cut(zstdCompressSync(lines)), 'csv', `the zstd file ends too early: got PATH; ${again}`],
  ['cut.ndjson.gz', cut(gzipSync(records)), 'ndjson', `the gzip file ends too early: got PATH; ${again}`],
  [
    'plain.csv.gz',
    lines,
    'csv',
    'this is not a sound gzip file (Z_DATA_ERROR): got PATH; deliver it again, or correct "compression" of the table; nothing of it was loaded',
  ],
  ['empty.csv', '', 'csv', 'the file is empty: got PATH; deliver it again, or remove it'],
  ['empty.csv.gz', gzipSync(''), 'csv', 'the file is empty: got PATH; deliver it again, or remove it'],
  ['empty.ndjson', '', 'ndjson', 'the file is empty: got PATH; deliver it again, or remove it'],
  ['empty.json', '\ufeff', 'json', 'the file is empty: got PATH; deliver it again, or remove it'],
  ['empty.parquet', '', 'parquet', 'the file is empty: got PATH; deliver it again, or remove it'],
  ['no.parquet', 'PAR1 this is none', 'parquet', `this is not a whole Parquet file: got PATH; ${again}`],
  [
    'wide.csv',
    Buffer.from('\ufeffa,b\n1,x\n', 'utf16le'),
    'csv',
    'the file is UTF-16, not UTF-8: got PATH; set "encoding" of the table to utf-16',
  ],
  [
    'wide.ndjson',
    Buffer.from('{"a":1}\n', 'utf16le'),
    'ndjson',
    'the file is UTF-16, not UTF-8: got PATH; deliver it as UTF-8',
  ],
  [
    'latin.csv',
    Buffer.from(`${lines}1,é\n`, 'latin1'),
    'csv',
    'the file is not utf-8: got PATH; set "encoding" of the table to the one it has: utf-8, utf-16 or latin-1',
  ],
  [
    'latin-and-ragged.csv',
    Buffer.from('a,b\n1\n2,é\n', 'latin1'),
    'csv',
    'the file is not utf-8: got PATH; set "encoding" of the table to the one it has: utf-8, utf-16 or latin-1',
  ],
  [
    'latin.ndjson',
    Buffer.from('{"a":1,"b":"é"}\n{"a":2}\n', 'latin1'),
    'ndjson',
    'the file is not utf-8: got PATH; deliver it as UTF-8',
  ],
  [
    'first.csv',
    `a,b\n1,${'x'.repeat(9_000_000)}\n`,
    'csv',
    'a line of the file is longer than 8 MB: got PATH; cut the cell, leave it out, or deliver the data as Parquet',
  ],
  [
    'last.csv',
    `${lines}1,${'x'.repeat(100_000_000)}\n`,
    'csv',
    'a line of the file is longer than 8 MB: got PATH; cut the cell, leave it out, or deliver the data as Parquet',
  ],
  [
    'huge.csv.gz',
    gzipSync(`a,b\n1,${'x'.repeat(100_000_000)}\n`, { level: 1 }),
    'csv',
    'a line of the file is longer than 8 MB: got PATH; cut the cell, leave it out, or deliver the data as Parquet',
  ],
  [
    'huge.ndjson',
    `{"a":1}\n{"a":2,"b":"${'x'.repeat(40_000_000)}"}\n`,
    'ndjson',
    'a record of the file is longer than 16 MB: got PATH; cut the record, or leave the large field out',
  ],
  [
    'twice.csv',
    'a,b,a\n1,x,2\n',
    'csv',
    'the header of PATH names a column twice: got "a"; rename one of them in the file',
  ],
  [
    'semicolons.csv',
    'a;b\n1;x\n',
    'csv',
    'PATH has none of the columns of schemas/files/t.json: got ["a;b"]; set "delimiter" or "header" of the table, or correct the schema file',
  ],
  [
    'quote.csv',
    `a,"b\n${'1,x\n'.repeat(300_000)}`,
    'csv',
    'the first line of the file has no end within 1 MB: got PATH; check "quote" and "delimiter" of the table, and that this is a CSV file',
  ],
  [
    'cut.json',
    '[{"a":1},{"a":2',
    'json',
    `the file is not valid JSON, at byte 7 in record/value 3: got PATH; deliver it again, or correct "format" of the table; nothing of it was loaded`,
  ],
  [
    'cut.ndjson',
    '{"a":1}\n{"a":2',
    'ndjson',
    `the file is not valid JSON: it ends in the middle of a record: got PATH; ${again}`,
  ],
  [
    'mark.ndjson',
    '\ufeff{"a":1}\n',
    'ndjson',
    'the JSON file begins with a byte order mark, which JSON does not allow: got PATH; deliver it without one',
  ],
];

describe('loading a damaged file', () => {
  it.each(cases)('%s: one clear error, and nothing loaded', async (name, content, format, says) => {
    const path = await fixture.put(name, content);
    await expect(fixture.load(ab, [{ path, format }])).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-file',
      message: `[t] ${says.replace('got PATH', `got ${JSON.stringify(path)}`).replace('PATH', path)}`,
    });
  });

  it('a Parquet file that ends too early', async () => {
    const path = join(fixture.folder, 'whole.parquet');
    await fixture.connection.run(
      `copy (select i as a, i::varchar as b from range(100000) r(i)) to '${path}' (format parquet)`,
    );
    const { readFile } = await import('node:fs/promises');
    const broken = await fixture.put('cut.parquet', cut(await readFile(path)));
    await expect(fixture.load(ab, [{ path: broken, format: 'parquet' }])).rejects.toThrow(
      `[t] this is not a whole Parquet file: got ${JSON.stringify(broken)}; ${again}`,
    );
  });

  it('a folder, a file that is not there, and one that may not be read', async () => {
    const folder = join(fixture.folder, 'folder.csv');
    await mkdir(folder);
    await expect(fixture.load(ab, [{ path: folder, format: 'csv' }])).rejects.toThrow(
      `[t] this is no file: got ${JSON.stringify(folder)}; name a file`,
    );
    const gone = join(fixture.folder, 'gone.csv');
    const todo = 'check that it exists and that the account of this run may read it';
    await expect(fixture.load(ab, [{ path: gone, format: 'csv' }])).rejects.toThrow(
      `[t] the file cannot be read (ENOENT): got ${JSON.stringify(gone)}; ${todo}`,
    );
    // Permissions do not bind root, so a link to itself stands in for them there.
    const locked = join(fixture.folder, 'locked.csv');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await symlink(locked, locked);
    else await chmod(await fixture.put('locked.csv', lines), 0);
    await expect(fixture.load(ab, [{ path: locked, format: 'csv' }])).rejects.toThrow(
      `[t] the file cannot be read (${isRoot ? 'ELOOP' : 'EACCES'}): got ${JSON.stringify(locked)}; ${todo}`,
    );
  });

  it('lacks a REQUIRED or a key column', async () => {
    const path = await fixture.put('less.csv', 'b\nx\n');
    const required = [{ name: 'a', type: 'INTEGER', mode: 'REQUIRED', sourceName: 'A A' }, ab[1] ?? {}];
    await expect(fixture.load(required, [{ path, format: 'csv' }])).rejects.toThrow(
      `[t] ${path} lacks the column "A A", which is REQUIRED: got ["b"]; correct the file, or schemas/files/t.json ("sourceName" is the name in the file)`,
    );
    await expect(fixture.load(ab, [{ path, format: 'csv' }], ['a'])).rejects.toThrow(
      `[t] ${path} lacks the column "a", which is part of the key: got ["b"]`,
    );
  });

  it('a CSV file for a column that it cannot hold', async () => {
    const path = await fixture.put('list.csv', 'a,b\n1,x\n');
    const list = [{ name: 'b', type: 'STRING', mode: 'REPEATED' }];
    await expect(fixture.load(list, [{ path, format: 'csv' }])).rejects.toThrow(
      `[t] column "b" is a list, which a CSV file cannot hold: got ${JSON.stringify(path)}; make it JSON in schemas/files/t.json, or deliver JSON or Parquet`,
    );
  });

  it('never shows a value of the file', async () => {
    const path = await fixture.put('secret.ndjson', '{"a":1}\n{"a":2,"b":"hunter2-hunter2');
    const error: Error = await fixture.load(ab, [{ path, format: 'ndjson' }]).then(
      () => new Error('loaded'),
      (thrown) => thrown,
    );
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });
});

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}
