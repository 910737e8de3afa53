import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dataset } from '@pulumi/gcp/bigquery/dataset.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { readableType, shortType } from './graph.ts';

const stack = {
  project: 'demo',
  stack: 'dev',
  config: { 'gcp:project': 'acme', 'demo:password': '[secret]' },
  secretKeys: ['demo:password'],
  file: 'stacks/Pulumi.dev.yaml',
};

class TinyPipeline extends pulumi.ComponentResource {
  readonly dataset: Dataset;
  readonly reader: Account;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('demo:index:TinyPipeline', name, {}, opts);
    this.dataset = new Dataset(name, { datasetId: 'tiny' }, { parent: this, protect: true });
    this.reader = new Account(
      name,
      { accountId: 'tiny-reader', description: this.dataset.selfLink },
      { parent: this, dependsOn: this.dataset },
    );
    this.registerOutputs();
  }
}

describe('evaluate', () => {
  test('records parent, protection, dependencies and the pipeline of each resource', async () => {
    const graph = await evaluate({
      root: tmpdir(),
      stack,
      program: async () => ({ email: new TinyPipeline('tiny').reader.email, project: 'acme' }),
    });
    const component = 'urn:pulumi:dev::demo::demo:index:TinyPipeline::tiny';
    const dataset = 'urn:pulumi:dev::demo::demo:index:TinyPipeline$gcp:bigquery/dataset:Dataset::tiny';
    expect(graph.resources.map(({ type, protect, pipeline }) => [type, protect, pipeline])).toEqual([
      ['gcp:bigquery/dataset:Dataset', true, 'tiny'],
      ['gcp:serviceaccount/account:Account', false, 'tiny'],
      ['demo:index:TinyPipeline', false, 'tiny'],
      ['pulumi:pulumi:Stack', false, undefined],
    ]);
    const account = graph.resources[1];
    expect(account?.parent).toBe(component);
    expect(account?.dependencies).toEqual([dataset]);
    expect(account?.inputs).toEqual({ accountId: 'tiny-reader', description: null });
    expect(graph.outputs).toEqual({ email: null, project: 'acme' });
  });

  test('masks secrets, also when they are part of a larger value', async () => {
    const graph = await evaluate({
      root: tmpdir(),
      stack,
      program: async () => {
        const password = new pulumi.Config().requireSecret('password');
        new Dataset('d', { datasetId: 'd', labels: { a: 'plain', b: password } });
        return { password };
      },
    });
    const dataset = graph.resources.find(({ name }) => name === 'd');
    expect(dataset?.inputs).toEqual({ datasetId: 'd', labels: { a: 'plain', b: '[secret]' } });
    expect(graph.outputs).toEqual({ password: '[secret]' });
  });

  test('shows a file as its path below the project and the hash of its content', async () => {
    const root = mkdtempSync(join(tmpdir(), 'plan-'));
    writeFileSync(join(root, 'a.zip'), 'abc');
    const graph = await evaluate({
      root,
      stack,
      program: async () => {
        const source = new pulumi.asset.FileAsset(join(root, 'a.zip'));
        new BucketObject('code', { bucket: 'b', name: 'a.zip', source });
        const text = new pulumi.asset.StringAsset('abc');
        new BucketObject('text', { bucket: 'b', name: 'a.txt', source: text });
      },
    });
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const sources = graph.resources.filter(({ custom }) => custom).map(({ inputs }) => inputs.source);
    expect(sources).toEqual([
      { file: 'a.zip', sha256 },
      { text: '3 characters', sha256 },
    ]);
  });

  test('gives the same graph twice', async () => {
    const program = async () => {
      new TinyPipeline('b');
      new TinyPipeline('a');
    };
    const first = await evaluate({ root: tmpdir(), stack, program });
    expect(await evaluate({ root: tmpdir(), stack, program })).toEqual(first);
  });

  test.each([
    ['throws', 'throw new Error("no such source")', '[plan] no such source'],
    [
      'says itself what is wrong',
      'throw new pulumi.RunError("[stacks/Pulumi.dev.yaml] has 2 mistakes")',
      'bad-input [stacks/Pulumi.dev.yaml] has 2 mistakes',
    ],
    [
      'has a value that cannot be computed',
      'new Thing("t", { x: pulumi.output(1).apply(() => { throw new Error("boom") }) })',
      '[plan] error serializing property "x": boom',
    ],
    [
      'asks the cloud',
      'new Thing("t", { x: pulumi.output(pulumi.runtime.invoke("gcp:x:getProject", {})) })',
      'the program asks the cloud ("gcp:x:getProject"), and a plan is made without ' +
        'credentials; compute the value or name it in the stack file',
    ],
    [
      'reads a resource from the cloud',
      'new Thing("t", {}, { id: "existing" })',
      'the program reads "t" (demo:index:Thing) from the cloud, and a plan is made without credentials; ' +
        'compute the value or name it in the stack file',
    ],
    [
      'names two resources the same',
      'new Thing("t", {}); new Thing("t", {})',
      'duplicate resource URN "urn:pulumi:dev::demo::demo:index:Thing::t"; give one of the two another name',
    ],
  ])('fails for a program that %s', (_title, statement, message) => {
    expect(evaluateInChild(statement)).toContain(message);
  });
});

test('type tokens are shown the way people say them', () => {
  expect(shortType('gcp:bigquery/table:Table')).toBe('Table');
  expect(readableType('gcp:bigquery/table:Table')).toBe('bigquery Table');
  expect(readableType('pulumi:pulumi:Stack')).toBe('Stack');
  expect(readableType('catchment:index:SourcePipeline')).toBe('SourcePipeline');
});

/** In a process of its own: these errors also reach the process as unhandled rejections, which vitest reports. */
function evaluateInChild(statement: string): string {
  const script = `
    import * as pulumi from '@pulumi/pulumi';
    import { evaluate } from './infra/plan/evaluate.ts';
    class Thing extends pulumi.CustomResource {
      constructor(name, props, opts) { super('demo:index:Thing', name, props, opts); }
    }
    const program = async () => { ${statement}; };
    await evaluate({ root: '.', stack: ${JSON.stringify(stack)}, program }).then(
      () => console.log('no error'),
      (error) => console.log(error.code, error.message),
    );`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}
