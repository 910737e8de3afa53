import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { Engine } from './unavailable.ts';
import { whyUnavailable } from './unavailable.ts';

const root = join(import.meta.dirname, '..', '..');
const engines = join(root, 'tests', 'engines');
const lock = join(engines, '.installing');

/** Engines of Debian: what each needs on the machine, and the package that brings it. */
const debian: readonly { readonly engine: Engine; readonly name: string; readonly isThere: () => boolean }[] =
  [
    {
      engine: 'postgres',
      name: 'postgresql',
      isThere: () => isOnPath('postgres') || subfolders('/usr/lib/postgresql').length > 0,
    },
    { engine: 'mariadb', name: 'mariadb-server', isThere: () => isOnPath('mariadbd') },
    { engine: 'pgbouncer', name: 'pgbouncer', isThere: () => isOnPath('pgbouncer') },
    { engine: 'sqlite3', name: 'sqlite3', isThere: () => isOnPath('sqlite3') },
  ];

/**
 * Before the first test file: brings the engines that the tests run against, when they are missing. Nothing is done and
 * nothing printed on a machine that has them. What cannot be had is named once, and its suites skip themselves.
 *
 * @throws on CI when an engine cannot be had: there a skipped suite is a hole
 */
export default function install(): void {
  const missing: Partial<Record<Engine, string>> = {};
  const packages = installEngines();
  if (packages !== undefined)
    Object.assign(missing, { clickhouse: packages, azurite: packages, bigqueryClient: packages });
  else if (!hasClickhouse())
    missing.clickhouse = `the package chdb has no engine for ${process.platform} ${process.arch}`;
  Object.assign(missing, installFromDebian());
  for (const [engine, why] of Object.entries(missing))
    console.log(`test engine ${engine} is not there: ${why}`);
  if (Object.keys(missing).length > 0 && process.env.CI !== undefined)
    throw new Error('test engines are missing, and on CI no suite is skipped');
  process.env[whyUnavailable] = JSON.stringify(missing);
}

/** @returns why it cannot be done; undefined when the engines of `tests/engines` are there */
function installEngines(): string | undefined {
  const stamp = join(engines, 'node_modules', '.catchment-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(engines, 'package-lock.json')))
    .digest('hex');
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isInstalled()) return undefined;
  return whileLocked(() => {
    if (isInstalled()) return undefined;
    console.log('installing the test engines of tests/engines (once, about a minute)');
    const { status, stderr } = spawnSync('npm', ['ci'], { cwd: engines, encoding: 'utf8' });
    if (status !== 0) return `npm ci in tests/engines failed: ${lastLine(stderr)}`;
    writeFileSync(stamp, wanted);
    return undefined;
  });
}

function hasClickhouse(): boolean {
  const libraries = join(engines, 'node_modules', '@chdb');
  return subfolders(libraries).length > 0 && canResolve('chdb');
}

function canResolve(name: string): boolean {
  try {
    createRequire(join(engines, 'package.json')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function installFromDebian(): Partial<Record<Engine, string>> {
  const missing = debian.filter(({ isThere }) => !isThere());
  if (missing.length === 0) return {};
  const names = missing.map(({ name }) => name);
  const why = whileLocked(() => aptInstall(names));
  return Object.fromEntries(
    missing
      .filter(({ isThere }) => !isThere())
      .map(({ engine, name }) => [engine, why ?? `Debian's ${name} brought no such program`]),
  );
}

/** @returns why it cannot be done */
function aptInstall(names: readonly string[]): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return `install ${names.join(', ')}: this machine has no apt-get`;
  if (process.getuid?.() !== 0) return `run "apt-get install ${names.join(' ')}": only root may do it`;
  console.log(`installing ${names.join(', ')} from Debian for tests (once)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8' });
  const options = ['install', '--yes', '--no-install-recommends', ...names];
  let { status, stderr } = apt(...options);
  if (status !== 0) {
    apt('update');
    ({ status, stderr } = apt(...options));
  }
  return status === 0 ? undefined : `apt-get install failed: ${lastLine(stderr)}`;
}

/** Two test runs of one checkout install one after the other. A lock older than ten minutes belongs to the dead. */
function whileLocked<T>(work: () => T): T {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - made > 600_000) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(wait, 0, 0, 200);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function subfolders(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
