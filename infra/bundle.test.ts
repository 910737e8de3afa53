import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxesIn } from '../tests/boundary/rules.ts';
import { build } from './bundle/build.ts';
import { type Bundle, bundleSource, maxBundleBytes, zipBundle } from './bundle.ts';
import { warehouseKinds } from './estate/shapes.ts';
import { listSources, loadSource } from './estate/sources.ts';

const project = dirname(import.meta.dirname);
const temp = mkdtempSync(join(tmpdir(), 'catchment-bundle-'));
const outDir = join(temp, 'out');
const warehouse = 'bigquery';
const duckdb = 'none';
const kinds = Object.keys(warehouseKinds) as (keyof typeof warehouseKinds)[];
afterAll(() => rmSync(temp, { recursive: true }));

/** A root of its own with one source that exports what `extract` says. */
function writeSource(name: string, extract: string): string {
  const root = join(temp, name);
  const folder = join(root, 'functions', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'source.ts'), `export const source = {};`);
  writeFileSync(join(folder, 'extract.ts'), extract);
  writeFileSync(join(folder, 'sandbox.ts'), `export const sandbox = 'x';`);
  return root;
}

describe('bundleSource', () => {
  it.each(listSources(project))(
    'makes one small file of %s that loads nothing but its own require',
    async (source) => {
      const { runsOn } = await loadSource(project, source);
      const bundle = await bundleSource(source, { outDir, warehouse, runsOn });
      const code = readFileSync(bundle.file, 'utf8');
      expect(readdirSync(bundle.dir).sort()).toEqual(['main.mjs', 'package.json']);
      expect(bundle.dir).toBe(join(outDir, `${source}-${bundle.hash}`));
      expect(bundle.bytes).toBe(Buffer.byteLength(code));
      if (runsOn === 'function') expect(bundle.bytes).toBeLessThanOrEqual(maxBundleBytes);
      const imports = [...code.matchAll(/(?:^|[;}])import\s*[^(.;"'`]*?["']([^"'`]+)["']/gm)].map(
        ([, name]) => name,
      );
      expect(imports).toEqual(['node:module']);
      expect(code).not.toContain(project);
    },
  );

  it.each(kinds)('holds of the warehouses only %s', async (kind) => {
    const place = { source: 'tiktok-marketing', duckdb, root: project, project, outDir } as const;
    const { inputs } = await build({ ...place, warehouse: kind });
    const found = inputs.flatMap((id) => /\/core\/warehouses\/(\w+)\//.exec(id)?.[1] ?? []);
    expect([...new Set(found)]).toEqual([kind]);
    const clients = ['pg', 'pg-copy-streams', 'mysql2'].filter((name) =>
      inputs.some((id) => id.includes(`/node_modules/${name}/`)),
    );
    expect(clients).toEqual(kind === 'postgres' ? ['pg', 'pg-copy-streams'] : []);
  });

  it.each(kinds.filter((kind) => kind !== 'duckdb'))(
    'stays below 500 kB as a function on %s',
    async (kind) => {
      const { bytes } = await bundleSource('tiktok-marketing', { outDir, warehouse: kind });
      expect(bytes).toBeLessThan(maxBundleBytes);
    },
  );

  it('says of another kind of warehouse that it was not made for it', async () => {
    const root = writeSource('other', `export const extract = () => 1;`);
    const { file } = await bundleSource('other', { root, warehouse: 'sqlite' });
    const code = readFileSync(file, 'utf8');
    expect(code).toContain('this bundle was made for another kind of warehouse');
  });

  it('installs DuckDB with a function that checks files, and takes it into a job but for its native part', async () => {
    const options = { outDir, warehouse: 'sqlite', checksFiles: true } as const;
    const asFunction = await bundleSource('tiktok-marketing', { ...options, runsOn: 'function' });
    const asJob = await bundleSource('files', { ...options, runsOn: 'job' });
    expect([asFunction.needsDuckdb, asJob.needsDuckdb]).toEqual([true, true]);
    const packages = ({ dir }: Bundle) =>
      Object.keys(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).dependencies);
    const framework = '@google-cloud/functions-framework';
    expect([packages(asFunction), packages(asJob)]).toEqual([['@duckdb/node-api', framework], [framework]]);
    const required = ({ file }: Bundle) => [
      ...new Set(readFileSync(file, 'utf8').match(/@duckdb\/node-[a-z]+(?=`|"|')/g)),
    ];
    expect([required(asFunction), required(asJob)]).toEqual([
      ['@duckdb/node-api'],
      ['@duckdb/node-bindings'],
    ]);
  });

  it.each(listSources(project))('leaves the sandbox of %s out', async (source) => {
    const { inputs } = await build({ source, warehouse, duckdb, root: project, project, outDir });
    expect(inputs.length).toBeGreaterThan(10);
    expect(sandboxesIn(inputs)).toEqual([]);
  });

  it('would show a sandbox that is bundled', async () => {
    const root = writeSource(
      'leaky',
      `import { sandbox } from './sandbox.ts'; export const extract = () => sandbox;`,
    );
    const { inputs } = await build({ source: 'leaky', warehouse, duckdb, root, project, outDir });
    expect(sandboxesIn(inputs)).toEqual([join(root, 'functions/leaky/sandbox.ts')]);
  });

  it('writes what the Node buildpack needs, with the framework at the pinned version', async () => {
    const { dir } = await bundleSource('tiktok-marketing', { outDir, warehouse });
    const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))).toEqual({
      name: 'tiktok-marketing',
      private: true,
      type: 'module',
      main: 'main.mjs',
      dependencies: {
        '@google-cloud/functions-framework': dependencies['@google-cloud/functions-framework'],
      },
    });
  });

  it('exports the three entries and has no side effect when imported', async () => {
    const { file } = await bundleSource('tiktok-marketing', { outDir, warehouse });
    const code = `import { createRequire } from 'node:module';
      const before = process.eventNames().length;
      const entry = await import(${JSON.stringify(file)});
      console.log(Object.keys(entry).sort().join(), process.eventNames().length - before, process.exitCode);`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
    expect(said).toBe('handler,main,run 0 undefined\n');
  });

  it('is not built again while its inputs stay, and is when one changes', async () => {
    const root = writeSource('cached', `export const extract = () => 1;`);
    const first = await bundleSource('cached', { root, warehouse });
    const { mtimeMs, ino } = statSync(first.file);
    expect(await bundleSource('cached', { root, warehouse })).toEqual(first);
    expect(statSync(first.file)).toMatchObject({ mtimeMs, ino });
    appendFileSync(join(root, 'functions/cached/extract.ts'), `\nexport const discover = () => 2;`);
    expect((await bundleSource('cached', { root, warehouse })).hash).not.toBe(first.hash);
  });

  it('is built again when a schema file is added, or the output is gone', async () => {
    const root = writeSource('schemas', `export const extract = () => 1;`);
    const first = await bundleSource('schemas', { root, warehouse });
    rmSync(first.dir, { recursive: true });
    expect(await bundleSource('schemas', { root, warehouse })).toEqual(first);
    mkdirSync(join(root, 'schemas/schemas'), { recursive: true });
    writeFileSync(join(root, 'schemas/schemas/a.json'), `[{"name":"only_here","type":"STRING"}]`);
    const second = await bundleSource('schemas', { root, warehouse });
    expect(readFileSync(second.file, 'utf8')).toContain('only_here');
  });

  it('survives two builds of the same source at once', async () => {
    const root = writeSource('twice', `export const extract = () => 1;`);
    const [one, two] = await Promise.all([
      bundleSource('twice', { root, warehouse }),
      bundleSource('twice', { root, warehouse }),
    ]);
    expect(one).toEqual(two);
    expect(readdirSync(dirname(one.dir)).sort()).toEqual([`twice-${one.hash}`, 'twice.bigquery.json']);
  });

  it('names the sources there are when one is unknown', async () => {
    await expect(bundleSource('tiktok', { outDir, warehouse })).rejects.toThrow(
      `there is no such source in functions/: got "tiktok"; allowed: ${listSources(project).join(', ')}`,
    );
  });

  it('says in one line what does not compile, and where', async () => {
    const root = writeSource('broken', `import './absent.ts';\nexport const extract = () => 1;`);
    await expect(bundleSource('broken', { root, warehouse })).rejects.toThrow(
      /^\[broken\] cannot be bundled: \[UNRESOLVED_IMPORT\] Could not resolve '\.\/absent\.ts' in .*functions\/broken\/extract\.ts at .*functions\/broken\/extract\.ts:1:8$/,
    );
  });

  it('refuses a bundle above the limit and names its largest modules', async () => {
    const root = writeSource(
      'large',
      `export const extract = () => ${JSON.stringify('x'.repeat(maxBundleBytes))};`,
    );
    await expect(bundleSource('large', { root, warehouse })).rejects.toThrow(
      /^\[large\] the bundle is too large for a function that starts fast: got \d+; allowed: up to 500000 bytes; look at its largest modules: \S*functions\/large\/extract\.ts \(\d+\), /,
    );
  });
});

describe('two checkouts in different folders', () => {
  const checkouts = ['a', 'a/deeper/b'].map((name) => join(temp, name));
  beforeAll(() => {
    for (const checkout of checkouts) {
      for (const part of ['functions', 'infra', 'schemas', 'package.json'])
        cpSync(join(project, part), join(checkout, part), { recursive: true });
      symlinkSync(join(project, 'node_modules'), join(checkout, 'node_modules'));
    }
  });

  it('give the same bytes', { timeout: 240_000 }, () => {
    const script = `
      import { readFileSync } from 'node:fs';
      const { bundleAll, zipBundle } = await import(process.cwd() + '/infra/bundle.ts');
      for (const bundle of await bundleAll('postgres')) {
        const zip = readFileSync(await zipBundle(bundle)).toString('base64');
        console.log(bundle.source, bundle.hash, bundle.bytes, zip.length, zip);
      }`;
    const [one = '', two] = checkouts.map((cwd, index) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd,
        encoding: 'utf8',
        env: { ...process.env, TZ: index === 0 ? 'UTC' : 'Asia/Kolkata' },
        maxBuffer: 64e6,
      }),
    );
    expect(two).toBe(one);
    expect(one.split('\n').map((line) => line.split(' ')[0])).toEqual([...listSources(project), '']);
  });
});

describe('zipBundle', () => {
  it('packs both files under their names', async () => {
    const bundle = await bundleSource('tiktok-marketing', { outDir, warehouse });
    const zip = await zipBundle(bundle);
    expect(zip).toBe(`${bundle.dir}.zip`);
    const { unzipSync } = await import('fflate');
    const files = unzipSync(readFileSync(zip));
    expect(Object.keys(files)).toEqual(['main.mjs', 'package.json']);
    expect(Buffer.from(files['main.mjs'] ?? []).equals(readFileSync(bundle.file))).toBe(true);
  });
});
