import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStackConfig } from './stack-config.ts';

function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'plan-config-'));
  mkdirSync(join(root, 'stacks'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  return root;
}

const pulumi = 'name: demo\nstackConfigDir: stacks\n';

describe('readStackConfig', () => {
  test('hands values over the way the Pulumi CLI does', () => {
    const root = project({
      'Pulumi.yaml': `${pulumi}config:\n  size: { type: integer, default: 3 }\n  gcp:zone: { type: string }\n`,
      'stacks/Pulumi.dev.yaml':
        'config:\n  gcp:project: acme\n  list: [1, "2"]\n  token: { secure: v1:abc }\n',
    });
    expect(readStackConfig(root, 'dev')).toEqual({
      project: 'demo',
      stack: 'dev',
      config: { 'demo:size': '3', 'gcp:project': 'acme', 'demo:list': '[1,"2"]', 'demo:token': '[secret]' },
      secretKeys: ['demo:token'],
      file: 'stacks/Pulumi.dev.yaml',
    });
  });

  test('names the stacks there are', () => {
    const root = project({
      'Pulumi.yaml': pulumi,
      'stacks/Pulumi.prod.yaml': '',
      'stacks/Pulumi.dev.yaml': '',
    });
    expect(() => readStackConfig(root, 'pord')).toThrow(
      '[plan] there is no such stack: got "pord"; allowed: dev, prod; or write stacks/Pulumi.pord.yaml',
    );
  });

  test('says where there is no project', () => {
    expect(() => readStackConfig(project({}), 'dev')).toThrow(
      '[Pulumi.yaml] cannot be read; run this in the project',
    );
  });

  test('says which file is not YAML', () => {
    const root = project({ 'Pulumi.yaml': pulumi, 'stacks/Pulumi.dev.yaml': 'config: [' });
    expect(() => readStackConfig(root, 'dev')).toThrow(/^\[stacks\/Pulumi\.dev\.yaml\] is not YAML \(.+/);
  });
});
