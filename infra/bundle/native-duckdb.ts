import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fatal } from '../../functions/core/errors.ts';

/** DuckDB's native part as a job loads it. */
export interface NativeDuckdb {
  readonly version: string;
  /** Absolute paths by the names below `node_modules/`. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where jobs run: https://cloud.google.com/run/docs/container-contract#languages */
const platformPackage = '@duckdb/node-bindings-linux-x64';

const wanted: Readonly<Record<string, readonly string[]>> = {
  '@duckdb/node-bindings': ['package.json', 'duckdb.js'],
  [platformPackage]: ['package.json', 'duckdb.node', 'libduckdb.so'],
};

/**
 * Finds the files among the installed packages, whose integrity the lock file has checked. Nothing is downloaded.
 *
 * @param modules absolute path of the project's `node_modules`
 * @throws fatal `bad-input` on a machine that has installed the native package of another platform only
 */
export async function nativeDuckdb(modules: string): Promise<NativeDuckdb> {
  const manifest = await readFile(join(modules, '@duckdb/node-bindings/package.json'), 'utf8');
  const version = String(JSON.parse(manifest).version);
  const files = new Map<string, string>();
  for (const [name, list] of Object.entries(wanted))
    for (const file of list) files.set(`${name}/${file}`, join(modules, name, file));
  const missing = [...files.values()].find((path) => !existsSync(path));
  if (missing !== undefined)
    throw fatal('bad-input', {
      where: platformPackage,
      what: 'is not installed, and a job that checks files is deployed with it',
      todo: `run \`npm install --no-save --os=linux --cpu=x64 --libc=glibc ${platformPackage}@${version}\`, or deploy from Linux`,
    });
  return { version, files };
}
