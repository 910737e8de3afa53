import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fatal } from '../functions/core/errors.ts';
import { type Estate, parseStackFile } from '../infra/estate.ts';

export interface StackFileOptions {
  /** The project's folder. */
  readonly root: string;
  /** `local` for `stacks/Pulumi.local.yaml`. */
  readonly stack: string;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** True while schema files, or the tables of a pipeline, are still to be written. @default false */
  readonly isDraft?: boolean | undefined;
}

/**
 * Reads the estate of one stack.
 *
 * @throws fatal `bad-input` when there is no such stack, or with all mistakes of its file
 */
export async function readStackFile({ root, stack, now, isDraft }: StackFileOptions): Promise<Estate> {
  const file = `stacks/Pulumi.${stack}.yaml`;
  if (!/^[\w-]+$/.test(stack) || !existsSync(join(root, file)))
    throw fatal('bad-input', {
      what: 'there is no such stack',
      got: stack,
      allowed: listStacks(root),
      todo: `name one with --stack, or write ${file}`,
    });
  return parseStackFile(readFileSync(join(root, file), 'utf8'), { file, root, now, isDraft });
}

function listStacks(root: string): readonly string[] | string {
  const folder = join(root, 'stacks');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const names = files.flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? []).sort();
  return names.length > 0 ? names : `none, ${folder} holds no stack file`;
}
