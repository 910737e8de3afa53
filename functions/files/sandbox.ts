import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { fatal } from '../core/errors.ts';
import type { Fault, Sandbox, SandboxOptions } from '../core/sandbox.ts';
import { fileFaults } from './sandbox/break-files.ts';
import { dataFolder, dataSets, writeAll, writeSamples } from './sandbox/data-sets.ts';
import { startRemote, storeFaults } from './sandbox/remote.ts';

/** Where the same files are: a folder, or a bucket of a store that is stood in for. */
export const variants = ['local', 'gs', 's3'] as const;

export const faults: readonly Fault[] = [
  ...fileFaults.map(({ make: _, ...fault }) => fault),
  ...storeFaults.map(({ arrange: _, ...fault }) => fault),
];

const kept = join(import.meta.dirname, '../../.catchment/sandbox/files');

/**
 * A folder of real data sets, from the development dependency `vega-datasets`: ten files, CSV, Parquet, JSON and JSON
 * Lines, some with gzip or zstd. `full` is kept in `.catchment/sandbox/files`; `small` is a folder of samples in the
 * system's temporary folder that `close` removes. A fault is always made in a folder of samples. The variants `gs` and
 * `s3` serve the same files from a bucket, by strict stand-ins on loopback.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { size = 'small', fault } = options;
  if (!existsSync(dataFolder))
    throw fatal('bad-input', {
      where: 'files sandbox',
      what: 'the data sets of the development dependency vega-datasets are not there',
      got: dataFolder,
      todo: 'run npm ci with development dependencies',
    });
  const isKept = size === 'full' && fault === undefined;
  const root = isKept ? await fullFolder() : await sampleFolder(fault);
  const removeRoot = async () => {
    if (!isKept) await rm(root, { recursive: true, force: true });
  };
  const tables = Object.fromEntries(dataSets.map(({ table, entry }) => [table, entry]));
  const variant = checkVariant(options.variant);
  if (variant === 'local')
    return {
      baseUrl: undefined,
      secret: {},
      settings: { root },
      tables,
      requests: [],
      close: removeRoot,
    };
  const remote = await startRemote(variant, { folder: root, fault, now: options.now ?? systemClock });
  await removeRoot();
  return { ...remote, tables };
}

function checkVariant(given: string = 'local'): (typeof variants)[number] {
  const known = variants.find((variant) => variant === given);
  if (known !== undefined) return known;
  throw fatal('bad-input', {
    where: 'files sandbox',
    what: 'there is no such variant',
    got: given,
    allowed: variants,
  });
}

/** Made once per version of the package: whole or not at all, as the folder gets its name last. */
async function fullFolder(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(dataFolder), 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = join(kept, `vega-datasets-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(kept, { recursive: true });
  const making = await mkdtemp(join(kept, '.making-'));
  await writeAll(making);
  await rename(making, folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another process was faster.
    await rm(making, { recursive: true, force: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return folder;
}

async function sampleFolder(fault: string | undefined): Promise<string> {
  const broken = fileFaults.find(({ name }) => name === fault);
  if (fault !== undefined && !faults.some(({ name }) => name === fault))
    throw fatal('bad-input', {
      where: 'files sandbox',
      what: 'there is no such fault',
      got: fault,
      allowed: faults.map(({ name }) => name),
    });
  const folder = await mkdtemp(join(tmpdir(), 'catchment-files-'));
  await writeSamples(folder);
  await broken?.make(folder);
  return folder;
}
