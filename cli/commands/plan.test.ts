import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../infra/plan/plan.ts';
import {
  addSyntheticStack,
  commitAll,
  copyProject,
  projectRoot,
} from '../../infra/plan/testing/project-copy.ts';

let root: string;
let first: string;

beforeAll(() => {
  root = copyProject();
  addSyntheticStack(root, 'fifteen', 15);
  first = commitAll(root, 'First');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function plan(...args: readonly string[]) {
  const command = [join(projectRoot, 'cli', 'bin.js'), 'plan', '--root', root, ...args];
  const env = { ...process.env, NO_COLOR: '1', PATH: process.env.PATH ?? '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

function planJson(...args: readonly string[]): Plan {
  const { status, stdout, stderr } = plan('--json', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Plan;
}

function edit(file: string, change: (text: string) => string): () => void {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, change(text));
  return () => writeFileSync(path, text);
}

describe('catchment plan', () => {
  test.each(['dev', 'prod'])('explains every grant of the stack %s', (stack) => {
    const { iam, problems, resources } = planJson('--stack', stack);
    expect(problems).toEqual([]);
    expect(iam.missing).toEqual([]);
    expect(iam.grants.filter(({ because }) => because === undefined)).toEqual([]);
    expect(resources.map(({ pipeline }) => pipeline)).toContain('tiktok-marketing');
  });

  test('prints the IAM table with the line of the stack file that asks for each role', () => {
    const { grants } = planJson('--stack', 'dev').iam;
    expect(
      grants.map(({ member, role, on, because }) => [member, role, `${on.kind} ${on.name}`, because]),
    ).toEqual([
      ['cron-tiktok-marketing', 'roles/run.invoker', 'function etl-tiktok-marketing', 'schedule = 0 6 * * *'],
      ['etl-tiktok-marketing', 'roles/bigquery.dataEditor', 'dataset EMPOWER_2025', 'dataset = EMPOWER_2025'],
      ['etl-tiktok-marketing', 'roles/bigquery.jobUser', 'project acme-marketing-dev', 'warehouse = main'],
      [
        'etl-tiktok-marketing',
        'roles/secretmanager.secretAccessor',
        'secret tiktok-api-credentials',
        'groups.empower.secret = tiktok-api-credentials',
      ],
    ]);
  });

  test('shows tables, datasets and secrets with the only pipeline that uses them', () => {
    const own = planJson('--stack', 'dev').resources.find(({ pipeline }) => pipeline === 'tiktok-marketing');
    const types = own?.types.map(({ type, names }) => [type, names.length]);
    expect(types).toContainEqual(['bigquery Table', 5]);
    expect(types).toContainEqual(['bigquery Dataset', 1]);
    expect(types).toContainEqual(['secretmanager Secret', 1]);
  });

  test('gives the same plan of 15 pipelines twice', () => {
    const runs = [1, 2].map(() => plan('--stack', 'fifteen', '--json').stdout);
    expect(new Set(runs).size).toBe(1);
    expect((JSON.parse(runs[0] ?? '') as Plan).resources.length).toBe(16);
  });

  test('fits 100 columns in a pipe and has no colours', () => {
    const { stdout, status } = plan('--stack', 'prod');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Plan of stack prod: \d+ resources, 3 pipelines\n/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stdout).not.toContain('\u001b');
  });

  test('needs no credentials, no Pulumi CLI and no home folder', () => {
    const command = [join(projectRoot, 'cli', 'bin.js'), 'plan', '--root', root, '--stack', 'dev'];
    const env = { PATH: '/nonexistent', HOME: '/nonexistent' };
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('catchment plan --base', () => {
  test('sees no change against its own commit', () => {
    const { stdout, status } = plan('--stack', 'dev', '--base', 'HEAD', '--expect-no-changes');
    expect(stdout).toContain(`Changes since HEAD (${first.slice(0, 9)})\n  Nothing changes.\n`);
    expect(status).toBe(0);
  });

  test('tells what a change of stack file and schema does, and leaves nothing behind', () => {
    const undo = [
      edit('stacks/Pulumi.dev.yaml', (text) => text.replace('"0 6 * * *"', '"30 7 * * *"')),
      edit('schemas/tiktok-marketing/ads.json', (text) => {
        const columns = JSON.parse(text) as { name: string }[];
        return JSON.stringify(
          columns.map((column) => (column.name === 'ad_text' ? { ...column, name: 'ad_copy' } : column)),
        );
      }),
    ];
    try {
      const { changes } = planJson('--stack', 'dev', '--base', first);
      expect(changes?.schedules).toEqual([
        {
          name: 'tiktok-marketing--empower',
          pipeline: 'tiktok-marketing',
          from: 'At 06:00, every day (Etc/UTC), paused',
          to: 'At 07:30, every day (Etc/UTC), paused',
        },
      ]);
      expect(changes?.iam).toEqual({ gained: [], lost: [] });
      expect(
        changes?.tables.map(({ id, changes: inside, sql }) => [id, inside.map((each) => each.class), sql]),
      ).toEqual([
        [
          'acme-marketing-dev.EMPOWER_2025.ads',
          ['rename'],
          ['ALTER TABLE `acme-marketing-dev.EMPOWER_2025.ads` RENAME COLUMN `ad_text` TO `ad_copy`;'],
        ],
      ]);
      const { status, stderr } = plan('--stack', 'dev', '--base', 'main', '--expect-no-changes');
      expect({ status, stderr }).toEqual({ status: 1, stderr: 'catchment: stack dev differs from main\n' });
    } finally {
      for (const each of undo) each();
    }
    const git = spawnSync('git', ['-C', root, 'status', '--porcelain', '--ignored'], { encoding: 'utf8' });
    expect(git.stdout).not.toContain('base-');
  });

  test('counts everything as added when the base has no such stack, and says so', () => {
    addSyntheticStack(root, 'new', 1);
    const { changes } = planJson('--stack', 'new', '--base', 'main');
    expect(changes?.base.note).toBe(
      'cannot be evaluated ([plan] there is no such stack: got "new"; allowed: dev, fifteen, local, prod; ' +
        'or write stacks/Pulumi.new.yaml)',
    );
    expect(new Set(changes?.resources.map(({ op }) => op))).toEqual(new Set(['added']));
    rmSync(join(root, 'stacks', 'Pulumi.new.yaml'));
  });
});

describe('catchment plan refuses', () => {
  test.each([
    [
      'an unknown commit',
      ['--stack', 'dev', '--base', 'no-such-branch'],
      'catchment: [plan --base] git knows no such commit: got "no-such-branch"; allowed: a branch, tag or commit of ' +
        'this repository; fetch it first, such as `git fetch origin main`, and name it, such as `origin/main`\n',
    ],
    [
      'an unknown stack',
      ['--stack', 'pord'],
      'catchment: [plan] there is no such stack: got "pord"; allowed: dev, fifteen, local, prod; ' +
        'or write stacks/Pulumi.pord.yaml\n',
    ],
    [
      'the twin, which has nothing to deploy',
      ['--stack', 'local'],
      'catchment: [stacks/Pulumi.local.yaml] has no cloud warehouse, so there is nothing to deploy; ' +
        'run it with `npm start`, or deploy another stack\n',
    ],
  ])('%s', (_title, args, message) => {
    expect(plan(...args)).toMatchObject({ status: 64, stderr: message });
  });

  test.each([
    [['--json', '--markdown'], 'error: --json and --markdown exclude each other'],
    [['--expect-no-changes'], 'error: --expect-no-changes compares with a base; name it with --base <ref>'],
  ])('%s', (args, message) => {
    const { status, stderr } = plan(...args);
    expect(status).toBe(64);
    expect(stderr).toContain(message);
  });
});
