import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { printJson, printLines, style } from '../print/terminal.ts';

interface PlanCommandOptions extends CommonOptions {
  readonly base?: string;
  readonly markdown?: boolean;
  readonly expectNoChanges?: boolean;
}

/** Columns of a plan that goes to a file or a pipe. */
const pipeWidth = 100;

/** `catchment plan`: what a deployment would make, without credentials and without the Pulumi CLI. */
export function planCommand(): Command {
  const command = createCommand({
    name: 'plan',
    summary: 'Show what a deployment makes, who may do what and what changes: offline, without credentials.',
    examples: [
      ['plan --stack dev', 'resources, IAM table and schedules of stacks/Pulumi.dev.yaml'],
      [
        'plan --stack prod --base origin/main',
        'and what changes since a commit, schema changes with their SQL',
      ],
      ['plan --stack prod --base origin/main --markdown', "the same for a pull request's comment"],
      ['plan --stack dev --json', 'the same as JSON'],
      ['plan --base HEAD --expect-no-changes', 'exit code 1 when uncommitted work changes the stack'],
    ],
  })
    .option('--base <ref>', 'compare with a branch, tag or commit of this repository')
    .option('--markdown', 'print Markdown')
    .option('--expect-no-changes', 'fail when something differs from --base')
    .addHelpText(
      'after',
      `
The plan fails with exit code 1 when the program grants a role that no declaration asks for (UNEXPLAINED), or does
not grant one that a declaration asks for (MISSING).
`,
    );
  // The twin has nothing to deploy.
  command.options.find(({ long }) => long === '--stack')?.default('dev');
  return command.setOptionValueWithSource('stack', 'dev', 'default').action(printPlan);
}

async function printPlan(options: PlanCommandOptions, command: Command): Promise<void> {
  const { root, stack, base, json, markdown, expectNoChanges } = options;
  if (json === true && markdown === true) command.error('error: --json and --markdown exclude each other');
  if (expectNoChanges === true && base === undefined)
    command.error('error: --expect-no-changes compares with a base; name it with --base <ref>');

  // Pulumi's SDK takes a third of a second to load; the other commands do without it.
  const { hasChanges, makePlan } = await import('../../infra/plan/plan.ts');
  const plan = await makePlan({ root, stack, base, now: new Date() });
  if (json === true) printJson(plan);
  else {
    const { planDocument } = await import('../../infra/plan/document.ts');
    const document = planDocument(plan);
    if (markdown === true) {
      const { markdownText } = await import('../../infra/plan/markdown.ts');
      process.stdout.write(markdownText(document));
    } else {
      const { terminalText } = await import('../../infra/plan/terminal.ts');
      const width = process.stdout.isTTY ? process.stdout.columns : pipeWidth;
      printLines(terminalText(document, { width, paint: style }));
    }
  }
  const isUnexpected = expectNoChanges === true && plan.changes !== undefined && hasChanges(plan.changes);
  if (isUnexpected) process.stderr.write(`catchment: stack ${stack} differs from ${base}\n`);
  if (plan.problems.length > 0 || isUnexpected) process.exitCode = exitCode.failed;
}
