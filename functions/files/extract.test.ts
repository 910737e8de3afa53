import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscoverOf } from '../core/extract.ts';
import { discover, extract } from './extract.ts';
import type { FileOptions, source } from './source.ts';

type Context = Parameters<DiscoverOf<typeof source>>[0];

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'catchment-extract-'));
  await mkdir(join(root, 'weather'));
  await writeFile(join(root, 'weather/b.csv'), 'a\n1\n');
  await writeFile(join(root, 'weather/a.csv.gz'), 'zz');
  await writeFile(join(root, "it's [1].csv"), 'a\n1\n');
  await writeFile(join(root, 'data.txt'), 'a\n1\n');
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('discover', () => {
  it('lists the files of a glob in the order of their names, with paths relative to root', async () => {
    const found = await list({ path: 'weather/*' });
    expect(found.map(({ origin, bytes }) => [origin, bytes])).toEqual([
      ['weather/a.csv.gz', 2],
      ['weather/b.csv', 4],
    ]);
  });

  it('takes a path that exists as it is, also with characters of a pattern', async () => {
    expect((await list({ path: "it's [1].csv" })).map(({ origin }) => origin)).toEqual(["it's [1].csv"]);
  });

  it('keeps the generation of a file that was only touched, and changes it with one byte', async () => {
    const [before] = await list({ path: 'weather/b.csv' });
    await utimes(join(root, 'weather/b.csv'), 1, 1);
    expect(await list({ path: 'weather/b.csv' })).toEqual([before]);
    await writeFile(join(root, 'weather/b.csv'), 'a\n2\n');
    const [after] = await list({ path: 'weather/b.csv' });
    expect(after?.generation).not.toBe(before?.generation);
  });

  it('says what it looked for and where when nothing matches', async () => {
    await expect(list({ path: 'weather/*.json' })).rejects.toThrow(
      `[t] no file matches path: got "weather/*.json"; allowed: files below ${root}; put the file there, or correct path or root in the stack file`,
    );
  });

  it('refuses a folder and names a glob instead', async () => {
    await expect(list({ path: 'weather' })).rejects.toThrow(
      `[t] path is a folder: got "weather"; allowed: files below ${root}; name its files, such as weather/*.csv`,
    );
  });

  it('refuses a path that leads out of root', async () => {
    await expect(list({ path: '../x.csv' })).rejects.toThrow('[t] path leads out of root: got "../x.csv"');
    await expect(list({ path: '/etc/hosts' })).rejects.toThrow(
      '[t] path leads out of root: got "/etc/hosts"',
    );
  });

  it('refuses a root that is not there or is no folder', async () => {
    await expect(list({ path: 'x.csv' }, join(root, 'nowhere'))).rejects.toThrow(
      '[t] the folder "root" does not exist',
    );
    await expect(list({ path: 'x.csv' }, join(root, 'data.txt'))).rejects.toThrow(
      '[t] "root" is not a folder',
    );
  });

  it('refuses a name that does not tell its format, unless the table says it', async () => {
    await expect(list({ path: 'data.txt' })).rejects.toThrow(
      '[t] the name of the file does not tell its format',
    );
    expect(await list({ path: 'data.txt', format: 'csv' })).toHaveLength(1);
  });

  it('names a file that it may not read', async () => {
    // Permissions do not bind root, so a link that leads nowhere stands in for them there.
    const path = join(root, 'weather/c.csv');
    if (process.getuid?.() === 0) await symlink(join(root, 'gone'), path);
    else {
      await writeFile(path, 'a\n');
      await chmod(path, 0);
    }
    await expect(list({ path: 'weather/*.csv' })).rejects.toThrow(
      /^\[t\] the file cannot be read \((EACCES|ENOENT)\): got ".*\/weather\/c\.csv"; check that it exists and that the account of this run may read it$/,
    );
  });

  it('stops when the run is stopped', async () => {
    await expect(
      discover(contextOf({ path: 'weather/*' }, root, AbortSignal.abort(new Error('stop')))),
    ).rejects.toThrow('stop');
  });
});

describe('extract', () => {
  it('hands over one file with how it is written, and reads nothing', async () => {
    expect(await take('weather/a.csv.gz', { path: 'weather/*' })).toEqual([
      { table: 't', files: [{ path: join(root, 'weather/a.csv.gz'), format: 'csv' }] },
    ]);
    expect(await take('x.tsv', { path: 'x.tsv', header: false })).toEqual([
      { table: 't', files: [{ path: join(root, 'x.tsv'), format: 'csv', delimiter: '\t', header: false }] },
    ]);
    expect(
      await take('x.bin', { path: 'x.bin', format: 'json', compression: 'zstd', records: 'a.b' }),
    ).toEqual([
      {
        table: 't',
        files: [{ path: join(root, 'x.bin'), format: 'json', compression: 'zstd', records: 'a.b' }],
      },
    ]);
  });

  it('knows the format by the ending, in any case', async () => {
    const formats = ['x.csv', 'x.TSV', 'x.Parquet', 'x.json.gz', 'x.geojson', 'x.jsonl', 'x.ndjson.ZST'];
    const found = [];
    for (const name of formats) {
      const [batch] = await take(name, { path: '*' });
      found.push(batch && 'files' in batch ? batch.files[0]?.format : undefined);
    }
    expect(found).toEqual(['csv', 'csv', 'parquet', 'json', 'json', 'ndjson', 'ndjson']);
  });
});

function contextOf(options: FileOptions, folder: string, signal = new AbortController().signal): Context {
  const settings = { root: folder, region: 'us-east-1' };
  return { table: 't', known: [], options, settings, secret: {}, signal, http: {} as Context['http'] };
}

function list(options: FileOptions, folder = root) {
  return discover(contextOf(options, folder));
}

async function take(origin: string, options: FileOptions) {
  const context = contextOf(options, root);
  const batches = extract({
    ...context,
    slice: { table: 't', origin, object: { generation: '1', bytes: 1 }, options },
    log: { debug() {}, info() {}, warn() {} },
    columns: [],
    accepts: ['local'],
    scratch: () => Promise.reject(new Error('no files')),
    ahead: [],
  });
  // Only what is handed over: after it, the file is looked at again.
  const { value } = await batches.next();
  await batches.return();
  return [value];
}
