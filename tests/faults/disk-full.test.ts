import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const child = join(import.meta.dirname, 'fill-disk.ts');

/** A mount namespace of our own, so that a small file system can be mounted and nobody else sees it. */
const unshare = ['--map-root-user', '--mount'];

it('loads nothing of the slice that filled the disk, keeps the others, and says what to do', async (context) => {
  if (!canMount()) context.skip('this machine does not let a test mount a small file system');
  const folder = mkdtempSync(join(tmpdir(), 'catchment-disk-'));
  try {
    const script = `mount -t tmpfs -o size=16m tmpfs "$1" && exec "$2" "$3" "$1/estate.duckdb"`;
    const { stdout } = await promisify(execFile)('unshare', [
      ...unshare,
      'sh',
      '-c',
      script,
      'sh',
      folder,
      process.execPath,
      child,
    ]);
    const ended = JSON.parse(stdout) as { status: string; error: string; held: unknown };
    expect(ended).toMatchObject({ status: 'partial', held: [3, 1] });
    expect(ended.error).toContain('there is no room left to write');
    expect(ended.error).toContain('free some space and run again; nothing of the slice was loaded');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

it('takes nothing of streams that filled the temporary folder, and has room again afterwards', async (context) => {
  if (!canMount()) context.skip('this machine does not let a test mount a small file system');
  const [folder, small] = ['warehouse', 'scratch'].map((name) =>
    mkdtempSync(join(tmpdir(), `catchment-${name}-`)),
  ) as [string, string];
  try {
    const script = `mount -t tmpfs -o size=16m tmpfs "$1" && TMPDIR="$1" exec "$2" "$3" "$4"`;
    const filler = join(import.meta.dirname, 'fill-scratch.ts');
    const { stdout } = await promisify(execFile)('unshare', [
      ...unshare,
      ...['sh', '-c', script, 'sh', small, process.execPath, filler, join(folder, 'estate.duckdb')],
    ]);
    const ended = JSON.parse(stdout) as { code: string; message: string; read: number; tables: unknown };
    expect(ended).toMatchObject({ code: 'disk-full', read: 5_000, tables: [['items']] });
    expect(ended.message).toContain('free some space and run again; nothing of the slice was loaded');
  } finally {
    for (const each of [folder, small]) rmSync(each, { recursive: true, force: true });
  }
}, 60_000);

it('says which object had no room on its way to the warehouse', async (context) => {
  if (!canMount()) context.skip('this machine does not let a test mount a small file system');
  const folder = mkdtempSync(join(tmpdir(), 'catchment-scratch-disk-'));
  try {
    const script = `mount -t tmpfs -o size=16m tmpfs "$1" && exec "$2" "$3" "$1"`;
    const args = [...unshare, 'sh', '-c', script, 'sh', folder, process.execPath];
    const { stdout } = await promisify(execFile)('unshare', [
      ...args,
      join(import.meta.dirname, 'fill-store.ts'),
    ]);
    expect(JSON.parse(stdout)).toEqual({
      code: 'disk-full',
      kind: 'fatal',
      message: `[s3://exports/in/large.csv] there is no room for the object, which has 33554432 bytes: got "${folder}"; give the job more memory or disk (TMPDIR names the folder), or deliver smaller files`,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

function canMount(): boolean {
  try {
    execFileSync('unshare', [...unshare, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
