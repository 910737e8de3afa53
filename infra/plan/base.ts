import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fatal } from '../../functions/core/errors.ts';
import { type Snapshot, snapshotFormat } from './snapshot.ts';

const run = promisify(execFile);

export interface Base {
  readonly ref: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Undefined when the commit has nothing to compare with. */
  readonly snapshot?: Snapshot | undefined;
  /** Why there is no snapshot. */
  readonly note?: string | undefined;
}

export interface BaseOptions {
  /** The project's folder, inside a git repository. */
  readonly root: string;
  readonly stack: string;
  /** A branch, tag or commit. */
  readonly ref: string;
}

/**
 * Evaluates the program as it was at a commit: its files in a folder of their own below `.catchment/`, with the
 * packages that are installed now, in a process of its own.
 *
 * @throws a fatal `bad-input` error when git does not know the commit
 */
export async function readBase({ root, stack, ref }: BaseOptions): Promise<Base> {
  const commit = await resolveCommit(root, ref);
  mkdirSync(join(root, '.catchment'), { recursive: true });
  const folder = mkdtempSync(join(root, '.catchment', 'base-'));
  try {
    await extract(root, commit, folder);
    const absent = ['infra/plan/snapshot.ts', 'infra/index.ts'].find(
      (file) => !existsSync(join(folder, file)),
    );
    if (absent !== undefined) return { ref, commit, note: `has no ${absent}` };
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    return { ref, commit, ...(await evaluateBase(folder, stack)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function resolveCommit(root: string, ref: string): Promise<string> {
  try {
    // The dashes keep a ref such as `--output=x` from being read as an option.
    const args = ['-C', root, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
    return (await run('git', args)).stdout.trim();
  } catch (cause) {
    const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string };
    if (code === 'ENOENT')
      throw fatal('bad-input', { where: 'plan --base', what: 'git is not installed', cause });
    if (stderr.includes('not a git repository'))
      throw fatal('bad-input', { where: 'plan --base', what: 'is not a git repository', got: root, cause });
    throw fatal('bad-input', {
      where: 'plan --base',
      what: 'git knows no such commit',
      got: ref,
      allowed: 'a branch, tag or commit of this repository',
      todo: 'fetch it first, such as `git fetch origin main`, and name it, such as `origin/main`',
      cause,
    });
  }
}

/** `git archive | tar`: the repository's index and work tree stay untouched. */
async function extract(root: string, commit: string, folder: string): Promise<void> {
  const archive = spawn('git', ['-C', root, 'archive', '--format=tar', commit], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tar = spawn('tar', ['-x', '-C', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
  archive.stdout.pipe(tar.stdin);
  await Promise.all([finished(archive, 'git archive'), finished(tar, 'tar')]);
}

function finished(child: ReturnType<typeof spawn>, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const fail = (what: string, cause?: unknown) =>
      reject(fatal('internal', { where: 'plan --base', what: `${name} ${what}`, cause }));
    child.on('error', (error) => fail(`cannot be started (${error.message})`, error));
    child.on('close', (code) => (code === 0 ? resolve() : fail(`ended with ${code}: ${said.trim()}`)));
  });
}

async function evaluateBase(folder: string, stack: string): Promise<Pick<Base, 'snapshot' | 'note'>> {
  const output = join(folder, '.snapshot.json');
  try {
    await run(process.execPath, [join('infra', 'plan', 'snapshot.ts'), stack, output], { cwd: folder });
  } catch (error) {
    return { note: `cannot be evaluated (${lastError(error)})` };
  }
  const snapshot = JSON.parse(readFileSync(output, 'utf8')) as Snapshot;
  return snapshot.format === snapshotFormat
    ? { snapshot }
    : { note: `writes plans of format ${snapshot.format}, this one is ${snapshotFormat}` };
}

/** The error's own line out of what Node prints when a process dies of it. */
function lastError(error: unknown): string {
  const { stderr = '', message } = error as { readonly stderr?: string; readonly message: string };
  const line = /^\w*Error(?: \[\w+\])?: (.*)$/m.exec(stderr)?.[1];
  return line ?? message;
}
