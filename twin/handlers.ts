import { pathToFileURL } from 'node:url';
import type { RunRequest, RunSummary } from '../functions/core/run/request.ts';
import { bundleSource } from '../infra/bundle.ts';

/** A source's code as it is deployed: the bundle brings declaration, extractor, schemas and run protocol. */
export interface Handler {
  readonly hash: string;
  readonly bytes: number;
  run(request: Omit<RunRequest, 'source' | 'code' | 'schemas'>): Promise<RunSummary>;
}

export interface Handlers {
  /** Bundles a source, unless that was done before with the same inputs, and loads the bundle. */
  load(source: string): Promise<Handler>;
}

export function openHandlers(root: string): Handlers {
  const loaded = new Map<string, Promise<Handler>>();
  return {
    load(source) {
      const handler = loaded.get(source) ?? loadOne(root, source);
      loaded.set(source, handler);
      return handler;
    },
  };
}

async function loadOne(root: string, source: string): Promise<Handler> {
  const { file, hash, bytes } = await bundleSource(source, { root });
  const module: Pick<Handler, 'run'> = await import(pathToFileURL(file).href);
  return { hash, bytes, run: module.run };
}
