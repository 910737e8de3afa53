import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SourceCode } from '../extract.ts';
import type { RunRequest, RunSummary } from '../run/request.ts';
import type { AnySource } from '../source.ts';
import { createHandler } from './function.ts';

/** What a bundle knows about its source. The parts are loaded when a run needs them, so that a function starts fast. */
export interface Bundled {
  /** Name of the source's folder. */
  readonly source: string;
  /** The module `source.ts`. */
  readonly declaration: () => Promise<{ readonly source: AnySource }>;
  /** The module `extract.ts`. */
  readonly code: () => Promise<SourceCode>;
  /** Parsed schema files by their names below `schemas/`, such as `files/flights`. */
  readonly schemas: Readonly<Record<string, unknown>>;
}

/** A run as somebody in the same process asks for it; the bundle adds what it holds. */
export type BundledRequest = Omit<RunRequest, 'source' | 'code' | 'schemas'>;

/** What every bundle exports. */
export interface Entry {
  /** The HTTP function for Functions Framework, which also runs behind any `node:http` server. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /**
   * The job.
   *
   * @param argv arguments without the program's own name
   * @returns the exit code
   */
  readonly main: (argv: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;
  /** Starts a run in this process, in a warehouse that the caller has opened. */
  readonly run: (request: BundledRequest) => Promise<RunSummary>;
}

/** The three ways into one source: as a function, as a job, and in process. */
export function createEntry(bundled: Bundled): Entry {
  return {
    handler: createHandler(bundled),
    main: async (argv, env) => {
      const { runJob } = await import('./job.ts');
      return runJob(bundled, argv, env);
    },
    run: async (request) => {
      const { runBundled } = await import('./run-bundled.ts');
      return runBundled(bundled, request);
    },
  };
}
