import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

const parts = ['Pulumi.yaml', 'package.json', 'infra', 'functions', 'schemas', 'stacks', 'transforms'];

/** A copy of this project that a test may change: everything a plan reads, with the installed packages. */
export function copyProject(): string {
  const root = mkdtempSync(join(tmpdir(), 'catchment-plan-'));
  for (const part of parts)
    if (existsSync(join(projectRoot, part)))
      cpSync(join(projectRoot, part), join(root, part), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'), 'junction');
  writeFileSync(join(root, '.gitignore'), 'node_modules\n.catchment/\n');
  return root;
}

/** Commits everything in a folder, which becomes a repository if it is none. */
export function commitAll(root: string, message: string): string {
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8' });
  if (!existsSync(join(root, '.git'))) git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--no-verify', '--message', message);
  return git('rev-parse', 'HEAD').trim();
}

/** Adds `stacks/Pulumi.<name>.yaml` with so many pipelines of one API source, each with a secret and a dataset. */
export function addSyntheticStack(root: string, name: string, pipelines: number): void {
  const entries = Array.from({ length: pipelines }, (_, index) => {
    const id = `p${String(index + 1).padStart(3, '0')}`;
    return [
      `      ${id}:`,
      '        source: tiktok-marketing',
      `        dataset: client_${id}`,
      `        schedule: { cron: "${index % 60} 6 * * *", timeZone: Europe/Rome }`,
      '        groups:',
      `          main: { secret: tiktok-${id}, advertiserIds: ["${7_000_000_000_000_000_001n + BigInt(index)}"] }`,
    ].join('\n');
  });
  writeFileSync(
    join(root, 'stacks', `Pulumi.${name}.yaml`),
    `config:
  gcp:project: acme-${name}
  gcp:region: europe-west1
  catchment:estate:
    warehouses:
      main: { kind: bigquery, location: EU }
    pipelines:
${entries.join('\n')}
`,
  );
}
