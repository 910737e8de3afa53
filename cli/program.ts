import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { asCatchmentError, type CatchmentError } from '../functions/core/errors.ts';
import { backfillCommand } from './commands/backfill.ts';
import { buildCommand } from './commands/build.ts';
import { newCommand } from './commands/new.ts';
import { peekCommand } from './commands/peek.ts';
import { planCommand } from './commands/plan.ts';
import { queryCommand } from './commands/query.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { type ExitCode, exitCode, exitCodeHelp, exitCodeOf } from './exit-code.ts';

/** Runs one command line and says how it ended. Errors become one message on standard error. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return (process.exitCode as ExitCode | undefined) ?? exitCode.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return endOfUsage(thrown, args);
    const error = asCatchmentError(thrown);
    process.stderr.write(`catchment: ${error.message}\n`);
    if (args.includes('--debug') && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
    printErrorJson(args, error);
    return exitCodeOf(error);
  }
}

/** Commander has printed its message already. Its own code for --help and --version is 0. */
function endOfUsage({ exitCode: code, message }: CommanderError, args: readonly string[]): ExitCode {
  if (code === 0) return exitCode.ok;
  printErrorJson(args, { code: 'bad-input', kind: 'fatal', message: message.replace(/^error: /, '') });
  return exitCode.usage;
}

function printErrorJson(
  args: readonly string[],
  { code, kind, message }: Pick<CatchmentError, 'code' | 'kind' | 'message'>,
): void {
  if (args.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code, kind, message } }, undefined, 2)}\n`);
}

export function createProgram(): Command {
  const program = new Command('catchment')
    .description('A whole ETL estate, versioned as one stack.')
    .version(version(), '--version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(--help shows options and examples)')
    .addHelpText(
      'after',
      `
Examples:
  npx catchment start                             load everything the local stack names
  npx catchment query "show all tables"           look at what was loaded
  npx catchment run <pipeline> --group <group>    load one group
  npx catchment <command> --help                  options and examples of one command
${exitCodeHelp}`,
    );
  const commands = [
    startCommand(),
    runCommand(),
    backfillCommand(),
    queryCommand(),
    statusCommand(),
    peekCommand(),
    planCommand(),
    buildCommand(),
    newCommand(),
    schemaCommand(),
  ];
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
    // Their own commands were added before there were settings to inherit.
    for (const inner of command.commands) inner.copyInheritedSettings(program);
  }
  return program;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String((manifest as { readonly version: string }).version);
}
