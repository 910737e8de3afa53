import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bundleSource } from '../bundle.ts';
import { nativeDuckdb } from './native-duckdb.ts';

const project = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'catchment-native-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'a job far from the project checks a file with what is mounted beside it, and nothing else',
  { timeout: 120_000 },
  async () => {
    const outDir = join(folder, 'out');
    const options = { warehouse: 'sqlite', runsOn: 'job', checksFiles: true, outDir } as const;
    const { file } = await bundleSource('files', options);
    const modules = join(folder, 'native/node_modules');
    for (const [name, path] of (await nativeDuckdb(join(project, 'node_modules'))).files) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      cpSync(path, join(modules, name));
    }
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/stocks.csv'), 'symbol,date,price\nA,Jan 1 2026,1.5\nB,Jan 2 2026,2.5\n');
    const pipeline = {
      name: 'files',
      source: 'files',
      warehouse: { name: 'main', kind: 'sqlite', path: join(folder, 'estate.sqlite') },
      dataset: 'main',
      tables: [
        {
          declared: 'stocks',
          name: 'stocks',
          schema: 'files/stocks',
          key: ['symbol', 'date'],
          writeMode: 'merge',
          cursor: { kind: 'objects' },
          options: { path: 'stocks.csv' },
        },
      ],
      groups: [{ name: 'main', timeZone: 'UTC', sandbox: false, settings: { root: join(folder, 'data') } }],
      schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
      runsOn: 'job',
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, NODE_PATH: modules, CATCHMENT_PIPELINE: JSON.stringify(pipeline) },
    });
    const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
    expect([status, stderr, summary.run?.rowsLoaded, summary.failures]).toEqual([0, '', 2, []]);
  },
);

it('names the package to install where it is not', async () => {
  const modules = join(folder, 'mac/node_modules/@duckdb/node-bindings');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(modules, 'package.json'), '{"version":"1.2.3"}');
  writeFileSync(join(modules, 'duckdb.js'), '');
  await expect(nativeDuckdb(join(folder, 'mac/node_modules'))).rejects.toThrow(
    '[@duckdb/node-bindings-linux-x64] is not installed, and a job that checks files is deployed with it; run `npm ' +
      'install --no-save --os=linux --cpu=x64 --libc=glibc @duckdb/node-bindings-linux-x64@1.2.3`, or deploy from Linux',
  );
});
