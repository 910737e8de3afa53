import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { exitCodeHelp } from './exit-code.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly stack: string;
  readonly root: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

export interface CommandText {
  readonly name: string;
  readonly summary: string;
  /** Command lines without the leading `npx catchment`, each with what it does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** The project this command line belongs to. */
const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** A command with the options, the examples and the exit codes that all commands share. */
export function createCommand({ name, summary, examples }: CommandText): Command {
  const widest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  npx catchment ${line.padEnd(widest)}  ${what}`);
  return new Command(name)
    .description(summary)
    .option('--stack <name>', 'the environment: reads stacks/Pulumi.<name>.yaml', 'local')
    .addOption(root())
    .option('--json', 'print JSON to standard output, and nothing else')
    .option('--debug', 'print stack traces')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}\n${exitCodeHelp}`);
}

function root(): Option {
  return new Option('--root <folder>', 'the project folder')
    .argParser((folder: string) => resolve(folder))
    .default(projectRoot, 'the one of this command');
}
