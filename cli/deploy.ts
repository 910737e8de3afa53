import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import { retryable } from '../functions/core/errors.ts';

/** The npm package that fetches the Pulumi CLI of the same version at first use. Not a dependency: it would shadow the one on the PATH. */
export const pulumiPackage = 'pulumi@3.265.0';

export interface DeployOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder. */
  readonly root: string;
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Runs the Pulumi CLI in the project: the one on the PATH, else the pinned one through npx.
 *
 * @param args the CLI's own, e.g. `['preview', '--stack', 'dev']`
 * @returns the CLI's exit code; 128 + n when a signal n ended it
 * @throws retryable `network` when there is no CLI and npx cannot fetch one
 */
export async function deploy(args: readonly string[], options: DeployOptions): Promise<number> {
  const onPath = findPulumi(options.env.PATH ?? '');
  const command = onPath === undefined ? await fetchPulumi(options) : { file: onPath, args: [] };
  const { exitCode } = await run({ ...command, args: [...command.args, ...args] }, options, 'inherit');
  return exitCode;
}

/** A `pulumi` on the PATH. Those in `node_modules` are npm's launcher, which looks for the CLI elsewhere. */
function findPulumi(path: string): string | undefined {
  const names = process.platform === 'win32' ? ['pulumi.exe', 'pulumi.cmd'] : ['pulumi'];
  return path
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.split(sep).includes('node_modules'))
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

async function fetchPulumi(options: DeployOptions): Promise<Command> {
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const command = { file: npx, args: ['--yes', pulumiPackage] };
  const trial = await run({ ...command, args: [...command.args, 'version'] }, options, 'pipe');
  if (trial.exitCode === 0) return command;
  const why = trial.output.trim().split('\n').at(-1) ?? '';
  throw retryable('network', {
    where: 'deploy',
    what: `there is no pulumi on the PATH, and npx could not fetch ${pulumiPackage}${why === '' ? '' : ` (${why})`}`,
    todo: 'install it from https://www.pulumi.com/docs/install/, or try again with network; `npm run plan` needs neither',
  });
}

function run(
  { file, args }: Command,
  { env, root }: DeployOptions,
  output: 'inherit' | 'pipe',
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const isScript = file.endsWith('.cmd');
  const child = spawn(file, args, { cwd: root, env, stdio: ['inherit', output, output], shell: isScript });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  // Ctrl-C reaches the CLI as well, which ends its update in order; this process waits for it.
  const wait = () => {};
  process.on('SIGINT', wait);
  return new Promise((resolve) => {
    const end = (exitCode: number) => {
      process.off('SIGINT', wait);
      resolve({ exitCode, output: text });
    };
    child.once('error', (error) => {
      text += error.message;
      end(127);
    });
    child.once('close', (code, signal) => end(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)));
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  process.exitCode = await deploy(process.argv.slice(2), { env: process.env, root }).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
}
