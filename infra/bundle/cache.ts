import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { WarehouseConfig } from '../../functions/core/pipeline.ts';

/**
 * Where DuckDB comes from, which checks files for the warehouses that cannot:
 * - `none`: nowhere; the source hands over no files
 * - `installed`: the function's build installs the package
 * - `embedded`: its JavaScript goes into the bundle, and only the native part stays outside: for jobs, where nothing is
 *   installed
 */
export type DuckdbUse = 'none' | 'installed' | 'embedded';

/** Which source is bundled, with which warehouse, and from where to where. */
export interface BundlePlace {
  readonly source: string;
  /** The one warehouse in the bundle. */
  readonly warehouse: WarehouseConfig['kind'];
  readonly duckdb: DuckdbUse;
  readonly root: string;
  readonly project: string;
  readonly outDir: string;
}

/** What a bundle was made of. */
interface Memory {
  readonly hash: string;
  readonly key: string;
  readonly inputs: readonly string[];
  readonly usesDuckdb: boolean;
}

/** What was made before of these very inputs. */
export type Recalled = Pick<Memory, 'hash' | 'usesDuckdb'>;

/** The hash of the bundle that these very inputs gave before, if they were bundled before. */
export async function recall(place: BundlePlace): Promise<Recalled | undefined> {
  const text = await readFile(memoryFile(place), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { key, inputs, ...recalled } = JSON.parse(text) as Memory;
  return (await keyOf(place, inputs)) === key ? recalled : undefined;
}

/** @param modules absolute paths of the modules in the bundle */
export async function remember(
  place: BundlePlace,
  recalled: Recalled,
  modules: readonly string[],
): Promise<void> {
  // Installed packages do not change without the lock file that npm writes beside them.
  const inputs = modules
    .filter((path) => isAbsolute(path) && !path.includes(`${sep}node_modules${sep}`))
    .sort();
  const memory: Memory = { ...recalled, key: await keyOf(place, inputs), inputs };
  const file = memoryFile(place);
  await writeFile(`${file}.${process.pid}`, JSON.stringify(memory));
  await rename(`${file}.${process.pid}`, file);
}

async function keyOf({ source, root, project }: BundlePlace, inputs: readonly string[]): Promise<string> {
  const schemas = join(root, 'schemas', source);
  const own = join(project, 'infra', 'bundle');
  const files = [
    ...inputs,
    ...(existsSync(schemas) ? readdirSync(schemas).map((name) => join(schemas, name)) : []),
    ...readdirSync(own).map((name) => join(own, name)),
    join(project, 'infra', 'bundle.ts'),
    join(project, 'package.json'),
    join(project, 'node_modules', '.package-lock.json'),
  ];
  const hash = createHash('sha256');
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => Buffer.from('absent'))));
  for (const [index, content] of contents.entries())
    hash.update(`${relative(project, files[index] ?? '')}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

function memoryFile({ source, warehouse, duckdb, outDir }: BundlePlace): string {
  return join(outDir, `${source}.${warehouse}${duckdb === 'none' ? '' : `.${duckdb}`}.json`);
}
