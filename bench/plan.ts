import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../infra/plan/plan.ts';
import { addSyntheticStack, copyProject, projectRoot } from '../infra/plan/testing/project-copy.ts';
import type { BenchRow } from './row.ts';

const runs = 3;

/** A plan must not make anybody wait: so many seconds for an estate of usual size. */
const goal = { pipelines: 15, seconds: 3 };

/**
 * `catchment plan` as a whole process, for 1, 15 and 150 pipelines of one source. The floor is a process that only
 * loads Pulumi's SDK, which no plan of a Pulumi program can do without. The checksum compares the plans of all runs.
 */
export async function benchPlan(): Promise<BenchRow[]> {
  const root = copyProject();
  try {
    const floor = fastest(() => node('--input-type=module', '--eval', "import '@pulumi/pulumi'")).seconds;
    return [1, 15, 150].map((pipelines) => {
      const stack = `bench${pipelines}`;
      addSyntheticStack(root, stack, pipelines);
      const command = [
        join(projectRoot, 'cli', 'bin.js'),
        'plan',
        '--root',
        root,
        '--stack',
        stack,
        '--json',
      ];
      // The first plan bundles the source; afterwards it is known to be unchanged.
      node(...command);
      const { seconds, outputs } = fastest(() => node(...command));
      const { resources } = JSON.parse(outputs[0] ?? '') as Plan;
      return {
        path: `plan of ${pipelines}`,
        ours: seconds,
        floor,
        unit: 's',
        ratio: seconds / floor,
        rows: resources.reduce((sum, { count }) => sum + count, 0),
        checksum: new Set(outputs.map(hash)).size === 1 ? 'equal' : 'differs',
        ...(pipelines === goal.pipelines && {
          bar: goal.seconds / floor,
          note: `the bar is ${goal.seconds} s`,
        }),
      };
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function node(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

function fastest(run: () => string): { readonly seconds: number; readonly outputs: readonly string[] } {
  const outputs: string[] = [];
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    outputs.push(run());
    return (performance.now() - start) / 1000;
  });
  return { seconds: Math.min(...times), outputs };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
