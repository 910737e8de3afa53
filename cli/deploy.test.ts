import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { pulumiPackage } from './deploy.ts';

const root = join(import.meta.dirname, '..');

/** A folder of shell scripts for the PATH; each adds its name, arguments and working directory to the log. */
function scripts(bodies: Readonly<Record<string, string>>, below = 'bin'): { path: string; log: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'catchment-deploy-')));
  const path = join(folder, below);
  const log = join(folder, 'log');
  mkdirSync(path, { recursive: true });
  writeFileSync(log, '');
  for (const [name, body] of Object.entries(bodies)) {
    writeFileSync(join(path, name), `#!/bin/sh\necho "${name} $* in $PWD" >> "${log}"\n${body}\n`);
    chmodSync(join(path, name), 0o755);
  }
  return { path, log };
}

function runDeploy(args: readonly string[], paths: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'cli', 'deploy.ts'), ...args], {
    cwd: tmpdir(),
    env: { ...process.env, PATH: paths.join(delimiter) },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the pulumi on the PATH gets the arguments, in the project, and its exit code is passed on', () => {
  const bin = scripts({ pulumi: 'echo previewed; exit 7' });
  const result = runDeploy(['preview', '--stack', 'dev', '--diff'], [bin.path]);
  expect(result).toEqual({ status: 7, stdout: 'previewed\n', stderr: '' });
  expect(readFileSync(bin.log, 'utf8')).toBe(`pulumi preview --stack dev --diff in ${root}\n`);
});

test("npm's launcher in node_modules is not taken for the CLI", () => {
  const launcher = scripts({ pulumi: 'exit 1' }, join('node_modules', '.bin'));
  const bin = scripts({ pulumi: 'exit 0' });
  expect(runDeploy(['up'], [launcher.path, bin.path]).status).toBe(0);
  expect(readFileSync(launcher.log, 'utf8')).toBe('');
  expect(readFileSync(bin.log, 'utf8')).toBe(`pulumi up in ${root}\n`);
});

test('without one npx fetches the pinned version', () => {
  const bin = scripts({ npx: 'case "$*" in *version) echo v3;; *) echo refreshed; exit 3;; esac' });
  expect(runDeploy(['refresh', '--stack', 'dev'], [bin.path])).toEqual({
    status: 3,
    stdout: 'refreshed\n',
    stderr: '',
  });
  expect(readFileSync(bin.log, 'utf8').split('\n')).toEqual([
    `npx --yes ${pulumiPackage} version in ${root}`,
    `npx --yes ${pulumiPackage} refresh --stack dev in ${root}`,
    '',
  ]);
});

test('without one and without network it says what to do', () => {
  const bin = scripts({ npx: 'echo "Downloading pulumi..."; echo "pulumi: fetch failed" >&2; exit 1' });
  expect(runDeploy(['up'], [bin.path])).toEqual({
    status: 1,
    stdout: '',
    stderr: `[deploy] there is no pulumi on the PATH, and npx could not fetch ${pulumiPackage} (pulumi: fetch failed); install it from https://www.pulumi.com/docs/install/, or try again with network; \`npm run plan\` needs neither\n`,
  });
});

test('without npx it says the same', () => {
  const { path } = scripts({});
  expect(runDeploy(['up'], [path]).stderr).toMatch(
    /^\[deploy\] there is no pulumi on the PATH, and npx could not fetch pulumi@\S+ \(spawn npx ENOENT\); install it/,
  );
});
