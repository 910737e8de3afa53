import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Commands of the blocks marked `sh`; a block that cannot run here says so behind `no-test:`. */
const blocks = [...readme.matchAll(/^```sh(?: no-test: (.+))?\n([\s\S]*?)^```/gm)].map(
  ([, reason, text = '']) => ({
    reason,
    commands: text.split('\n').filter((line) => line.trim() !== ''),
  }),
);

/** The two set-up commands: continuous integration runs exactly these on a fresh clone, and one of them runs this test. */
const setUp = ['npm ci && npm start', 'npm ci && npm test'];

let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'catchment-readme-'));
  for (const part of [
    'package.json',
    'Pulumi.yaml',
    'README.md',
    'cli',
    'functions',
    'infra',
    'schemas',
    'stacks',
    'transforms',
    'twin',
    'tsconfig.json',
    'biome.json',
  ])
    if (existsSync(join(root, part))) cpSync(join(root, part), join(project, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'junction');
  const started = await run('npm start');
  expect(started.code, started.output).toBe(0);
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the README', () => {
  it('has the two set-up commands at its top, and continuous integration runs exactly these', () => {
    const first = blocks[0]?.commands.map((line) => line.replace(/\s*#.*/, ''));
    expect(first).toEqual(setUp);
    const ci = readFileSync(join(root, '.ci/run'), 'utf8');
    for (const command of setUp) expect(ci.split('\n')).toContain(command);
  });

  const commands = blocks.slice(1).flatMap(({ reason, commands }) => (reason === undefined ? commands : []));
  it.each(commands)('has a command that works: %s', { timeout: 120_000 }, async (command) => {
    const { code, output } = await run(command);
    expect(code, output).toBe(0);
  });

  it('gives a reason for each block that is not run', () => {
    expect(blocks.flatMap(({ reason }) => reason ?? [])).toEqual([
      'needs the Pulumi CLI, or network to fetch it, and a cloud project',
    ]);
  });

  it('names only files and folders that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

function run(command: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { cwd: project, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 64 * 2 ** 20 };
    execFile('sh', ['-c', command], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}\n${stderr}` });
    });
  });
}
