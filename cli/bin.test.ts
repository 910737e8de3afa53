import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runNode } from './testing/project.ts';

/** Node flags under which a program believes to run on Node 20; child processes do not inherit them. */
const asNode20 = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})`,
];
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The launcher beside another `main.ts`. */
function launcher(main: string, { hasPackages = true } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'catchment-bin-'));
  folders.push(folder);
  mkdirSync(join(folder, 'cli'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'cli/main.ts'), main);
  copyFileSync(join(import.meta.dirname, 'bin.js'), join(folder, 'cli/bin.js'));
  if (hasPackages) symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
  return join(folder, 'cli/bin.js');
}

const report =
  'process.stdout.write(JSON.stringify([process.versions.node, process.argv.slice(2)])); process.exitCode = 7;';

it('starts the program in its own process where Node is new enough', async () => {
  const { code, out } = await runNode([launcher(report, { hasPackages: false }), 'a', '--b=c d']);
  expect(code).toBe(7);
  expect(JSON.parse(out)).toEqual([process.versions.node, ['a', '--b=c d']]);
});

it('starts the pinned runtime where Node is too old, and passes arguments and exit code on', async () => {
  const { code, out, err } = await runNode([...asNode20, launcher(report), 'a', '--b=c d']);
  expect({ code, err }).toEqual({ code: 7, err: '' });
  expect(JSON.parse(out)).toEqual([expect.stringMatching(/^24\./), ['a', '--b=c d']]);
});

it('says what to do where Node is too old and no runtime is installed', async () => {
  const { code, out, err } = await runNode([...asNode20, launcher(report, { hasPackages: false })]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe(
    `catchment: Node 24 or newer is needed: this is ${process.version} (${process.execPath}), and no pinned runtime is ` +
      `installed for ${process.platform} ${process.arch}; run "npm ci" (without --omit=optional) in the project, or ` +
      'install Node 24 from https://nodejs.org\n',
  );
});

it.each([
  ['SIGTERM', 'process.once("SIGTERM", () => process.exit(3));', [3, null]],
  ['SIGINT', 'process.once("SIGINT", () => process.exit(130));', [130, null]],
  ['SIGTERM', '', [null, 'SIGTERM']],
] as const)('passes %s on to the program, which then decides (%s)', async (signal, listen, end) => {
  const bin = launcher(`${listen} setInterval(() => {}, 1000); process.stdout.write('up');`);
  const child = spawn(process.execPath, [...asNode20, bin], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const exit = once(child, 'exit');
  child.kill(signal);
  expect(await exit).toEqual(end);
});
