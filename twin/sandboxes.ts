import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fatal } from '../functions/core/errors.ts';
import type { Sandbox, SandboxModule } from '../functions/core/sandbox.ts';

export interface Sandboxes {
  /** The running sandbox of a source; started when first asked for. */
  start(source: string): Promise<Sandbox>;
  close(): Promise<void>;
}

export interface SandboxesOptions {
  readonly root: string;
  readonly now?: (() => Date) | undefined;
  /** @default "full" */
  readonly size?: 'small' | 'full' | undefined;
  /** Where the first sandbox listens; the others take any free port. @default 0, any free port */
  readonly port?: number | undefined;
}

/** Stand-ins for the vendors, one per source, all of them on loopback. */
export function openSandboxes({ root, now, size = 'full', port = 0 }: SandboxesOptions): Sandboxes {
  const running = new Map<string, Promise<Sandbox>>();
  const startOne = async (source: string, wanted: number) => {
    const file = join(root, 'functions', source, 'sandbox.ts');
    if (!existsSync(file))
      throw fatal('bad-input', {
        where: source,
        what: `has no sandbox: there is no functions/${source}/sandbox.ts`,
        todo: 'remove "sandbox: true" from the group, or write one',
      });
    const module: SandboxModule = await import(pathToFileURL(file).href);
    try {
      return await module.startSandbox({ size, port: wanted, ...(now === undefined ? {} : { now }) });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
      throw fatal('port-taken', {
        where: source,
        what: 'the sandbox cannot listen: the port is taken by another process',
        got: wanted,
        todo: 'choose another --sandbox-port, or leave it out for any free one',
        cause,
      });
    }
  };
  return {
    start(source) {
      const known = running.get(source);
      if (known !== undefined) return known;
      const started = startOne(source, running.size === 0 ? port : 0);
      running.set(source, started);
      return started;
    },
    async close() {
      for (const started of running.values()) {
        const sandbox = await started.catch(() => undefined);
        await sandbox?.close();
      }
      running.clear();
    },
  };
}
