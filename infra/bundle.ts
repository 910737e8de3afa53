import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fatal } from '../functions/core/errors.ts';
import type { Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';
import { type BundlePlace, type Recalled, recall, remember } from './bundle/cache.ts';
import { listSources, loadSource } from './estate/sources.ts';

/** One source as it is deployed: one file and its manifest, in a folder named by their content. */
export interface Bundle {
  readonly source: string;
  /** The one warehouse that it can write to. */
  readonly warehouse: WarehouseConfig['kind'];
  readonly runsOn: Pipeline['runsOn'];
  /** First 16 hex digits of the SHA-256 of all files. */
  readonly hash: string;
  /** `<outDir>/<source>-<hash>`, absolute. */
  readonly dir: string;
  /** `main.mjs` in it, absolute: exports `handler`, `main` and `run`, and is a job when started directly. */
  readonly file: string;
  /** Size of `main.mjs`. */
  readonly bytes: number;
  /** It reads files by DuckDB, whose native package has to be beside it. */
  readonly needsDuckdb: boolean;
}

export interface BundleOptions {
  readonly warehouse: WarehouseConfig['kind'];
  /** What it is deployed as. @default "function" */
  readonly runsOn?: Pipeline['runsOn'];
  /** The source hands files or bytes over, which DuckDB checks for the warehouses that cannot. @default false */
  readonly checksFiles?: boolean;
  /** Folder that holds `functions/<source>/` and `schemas/<source>/`. @default the project */
  readonly root?: string;
  /** @default `<root>/.catchment/bundles` */
  readonly outDir?: string;
}

/** Where `functions/core` and the installed packages are. */
const project = dirname(import.meta.dirname);

/**
 * What a function of 500 kB or less costs to start is within 1.25 x an empty one (`npm run bench`); larger ones are
 * a sign of an SDK that should be loaded as plain REST.
 */
export const maxBundleBytes = 500_000;

/** A job starts once for a run of minutes; above this, something large came in by mistake. */
const maxJobBytes = 4_000_000;

/**
 * Bundles one source with the runtime and the warehouse it needs: the same inputs give the same bytes, on every machine
 * and in every folder. A source whose inputs did not change is not built again.
 *
 * @throws fatal `bad-input` when the source is unknown or does not compile; fatal `too-large` for a function above 500 kB
 *   or a job above 4 MB
 */
export async function bundleSource(source: string, options: BundleOptions): Promise<Bundle> {
  const { root = project, warehouse, runsOn = 'function', checksFiles = false } = options;
  const outDir = options.outDir ?? join(root, '.catchment', 'bundles');
  const known = listSources(root);
  if (!known.includes(source))
    throw fatal('bad-input', { what: 'there is no such source in functions/', got: source, allowed: known });
  const duckdb = checksFiles ? (runsOn === 'job' ? 'embedded' : 'installed') : 'none';
  const place: BundlePlace = { source, warehouse, duckdb, root, project, outDir };
  const limit = runsOn === 'job' ? maxJobBytes : maxBundleBytes;
  const hit = await recall(place);
  const remembered = hit === undefined ? undefined : await describe(place, hit, runsOn);
  if (remembered !== undefined && remembered.bytes <= limit) return remembered;

  const { build } = await import('./bundle/build.ts');
  const { usesDuckdb } = await import('./bundle/lazy-imports.ts');
  const built = await build(place);
  const bytes = Buffer.byteLength(built.code);
  if (bytes > limit)
    throw fatal('too-large', {
      where: source,
      what: `the bundle is too large for a ${runsOn}${runsOn === 'job' ? '' : ' that starts fast'}`,
      got: bytes,
      allowed: `up to ${limit} bytes`,
      todo: `look at its largest modules: ${built.largest.join(', ')}`,
    });
  const made = { usesDuckdb: usesDuckdb(built.inputs) };
  const isInstalled = duckdb === 'installed' && made.usesDuckdb;
  const files = { 'main.mjs': built.code, 'package.json': await manifest(source, isInstalled) };
  const hash = hashOf(files);
  await writeOnce(join(outDir, `${source}-${hash}`), files);
  await remember(place, { ...made, hash }, built.inputs);
  const bundle = await describe(place, { ...made, hash }, runsOn);
  if (bundle === undefined)
    throw fatal('internal', { where: source, what: 'the bundle vanished after it was written' });
  return bundle;
}

/** Bundles every source of `functions/` for one kind of warehouse, as it runs by its declaration, in the order of names. */
export async function bundleAll(
  warehouse: WarehouseConfig['kind'],
  root: string = project,
): Promise<Bundle[]> {
  const bundles: Bundle[] = [];
  for (const name of listSources(root)) {
    const { runsOn, openTables } = await loadSource(root, name);
    bundles.push(
      await bundleSource(name, { root, warehouse, runsOn, checksFiles: openTables !== undefined }),
    );
  }
  return bundles;
}

/**
 * Packs a bundle for upload: `<source>-<hash>.zip` beside its folder, the same bytes each time.
 *
 * @returns the absolute path of the zip
 */
export async function zipBundle(bundle: Bundle): Promise<string> {
  const file = `${bundle.dir}.zip`;
  if (existsSync(file)) return file;
  const { zipSync } = await import('fflate');
  // A zip has no time zone: the earliest time it can hold, in local time, is the same four bytes everywhere.
  const mtime = new Date(1980, 0, 1);
  const entries: Record<string, [Uint8Array, { level: 9; mtime: Date; os: 3 }]> = {};
  for (const name of readdirSync(bundle.dir).sort())
    entries[name] = [await readFile(join(bundle.dir, name)), { level: 9, mtime, os: 3 }];
  const part = `${file}.${process.pid}`;
  await writeFile(part, zipSync(entries));
  await rename(part, file);
  return file;
}

async function describe(
  { source, warehouse, duckdb, outDir }: BundlePlace,
  { hash, usesDuckdb }: Recalled,
  runsOn: Pipeline['runsOn'],
): Promise<Bundle | undefined> {
  const dir = join(outDir, `${source}-${hash}`);
  const file = join(dir, 'main.mjs');
  const found = await stat(file).catch(() => undefined);
  const needsDuckdb = duckdb !== 'none' && usesDuckdb;
  return found && { source, warehouse, runsOn, hash, dir, file, bytes: found.size, needsDuckdb };
}

/** What the cloud's Node buildpack reads: an entry point and the packages that are not bundled. */
async function manifest(source: string, needsDuckdb: boolean): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  const framework = '@google-cloud/functions-framework';
  const duckdb = '@duckdb/node-api';
  const value = {
    name: source,
    private: true,
    type: 'module',
    main: 'main.mjs',
    dependencies: {
      ...(needsDuckdb ? { [duckdb]: dependencies[duckdb] } : {}),
      [framework]: dependencies[framework],
    },
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function hashOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(files).sort()) hash.update(`${name}\0${content}\0`);
  return hash.digest('hex').slice(0, 16);
}

/** Readers see the whole folder or none; of two writers of the same content either may win. */
async function writeOnce(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const part = await mkdtemp(`${dir}.part-`);
  for (const [name, content] of Object.entries(files)) await writeFile(join(part, name), content);
  await rename(part, dir).catch(async (error: NodeJS.ErrnoException) => {
    await rm(part, { recursive: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}
