import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSource } from '../new/create-source.ts';

const kit = join(import.meta.dirname, '../..');

/** What a child process left behind. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A project of its own in a temporary folder: the kit's runtime, the template as source `shop`, one stack. */
export interface Project {
  readonly root: string;
  /** Runs `catchment <args> --root <root>` in a child process. */
  catchment(...args: readonly string[]): Promise<Finished>;
  write(file: string, text: string): void;
  remove(): void;
}

export function makeProject(stack: string = shopStack, sources: readonly string[] = []): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'catchment-cli-')));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  write('stacks/Pulumi.local.yaml', stack);
  createSource(root, 'shop');
  symlinkSync(join(kit, 'node_modules'), join(root, 'node_modules'));
  symlinkSync(join(kit, 'functions/core'), join(root, 'functions/core'));
  for (const source of sources) {
    for (const folder of ['functions', 'schemas'])
      cpSync(join(kit, folder, source), join(root, folder, source), { recursive: true });
  }
  return {
    root,
    write,
    catchment: (...args) => runNode([join(kit, 'cli/bin.js'), ...args, '--root', root]),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const shopStack = `
config:
  catchment:estate:
    warehouses:
      main: { kind: duckdb, path: .catchment/estate.duckdb }
    pipelines:
      shop: { groups: { demo: { sandbox: true } } }
`;

export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [...args],
      { env: { ...env, NO_COLOR: '1' }, maxBuffer: 1e8 },
      (error, out, err) => {
        if (error !== null && typeof error.code === 'string') reject(error);
        else resolve({ code: child.exitCode ?? -1, out, err });
      },
    );
  });
}
