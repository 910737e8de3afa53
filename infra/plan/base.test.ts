import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBase } from './base.ts';
import { commitAll } from './testing/project-copy.ts';
import { snapshotOf } from './testing/tiny-graph.ts';

function repository(files: Readonly<Record<string, string>>): { root: string; commit: string } {
  const root = mkdtempSync(join(tmpdir(), 'plan-base-'));
  mkdirSync(join(root, 'node_modules'));
  mkdirSync(join(root, 'infra', 'plan'), { recursive: true });
  for (const [name, content] of Object.entries({ '.gitignore': '.catchment/\nnode_modules\n', ...files }))
    writeFileSync(join(root, name), content);
  return { root, commit: commitAll(root, 'First') };
}

const program = { 'package.json': '{"type":"module"}', 'infra/index.ts': '' };
const writes = (snapshot: unknown) =>
  `import { writeFileSync } from 'node:fs';
   const [stack, file] = process.argv.slice(2);
   if (stack === 'broken') throw new Error('no such source');
   writeFileSync(file, ${JSON.stringify(JSON.stringify(snapshot))});`;

describe('readBase', () => {
  test("evaluates the commit's own files by its own evaluator, and leaves nothing behind", async () => {
    const snapshot = snapshotOf([]);
    const { root, commit } = repository({ ...program, 'infra/plan/snapshot.ts': writes(snapshot) });
    writeFileSync(join(root, 'infra/plan/snapshot.ts'), 'throw new Error("the work tree is not the commit")');
    expect(await readBase({ root, stack: 'dev', ref: 'main' })).toEqual({ ref: 'main', commit, snapshot });
    expect(readdirSync(join(root, '.catchment'))).toEqual([]);
    expect(existsSync(join(root, 'node_modules'))).toBe(true);
  });

  test('has nothing to compare with when the commit has no program', async () => {
    const { root, commit } = repository({});
    expect(await readBase({ root, stack: 'dev', ref: 'HEAD' })).toEqual({
      ref: 'HEAD',
      commit,
      note: 'has no infra/plan/snapshot.ts',
    });
  });

  test('says why the commit cannot be evaluated', async () => {
    const { root } = repository({ ...program, 'infra/plan/snapshot.ts': writes({}) });
    const { note, snapshot } = await readBase({ root, stack: 'broken', ref: 'HEAD' });
    expect({ note, snapshot }).toEqual({ note: 'cannot be evaluated (no such source)', snapshot: undefined });
    expect(readdirSync(join(root, '.catchment'))).toEqual([]);
  });

  test('does not compare with a snapshot of another format', async () => {
    const old = { ...snapshotOf([]), format: 0 };
    const { root } = repository({ ...program, 'infra/plan/snapshot.ts': writes(old) });
    const { note } = await readBase({ root, stack: 'dev', ref: 'HEAD' });
    expect(note).toBe('writes plans of format 0, this one is 1');
  });

  test.each(['no-such-branch', '--output=/tmp/x', 'HEAD~7'])('refuses the commit %s', async (ref) => {
    const { root } = repository({});
    await expect(readBase({ root, stack: 'dev', ref })).rejects.toThrow(
      `[plan --base] git knows no such commit: got "${ref}"; allowed: a branch, tag or commit of this repository; ` +
        'fetch it first, such as `git fetch origin main`, and name it, such as `origin/main`',
    );
  });

  test('says where there is no repository', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plan-none-'));
    await expect(readBase({ root, stack: 'dev', ref: 'HEAD' })).rejects.toThrow(
      `[plan --base] is not a git repository: got "${root}"`,
    );
  });
});
