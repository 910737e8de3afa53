import { pathToFileURL } from 'node:url';
import type { Pipeline } from '../functions/core/pipeline.ts';
import type { RunRequest, RunSummary } from '../functions/core/run/request.ts';
import { bundleSource } from '../infra/bundle.ts';

/** A source's code as it is deployed: the bundle brings declaration, extractor, schemas and run protocol. */
export interface Handler {
  readonly hash: string;
  readonly bytes: number;
  run(request: Omit<RunRequest, 'source' | 'code' | 'schemas'>): Promise<RunSummary>;
}

export interface Handlers {
  /** Bundles a pipeline's source as it is deployed, unless that was done before with the same inputs, and loads it. */
  load(pipeline: Pipeline): Promise<Handler>;
}

export function openHandlers(root: string): Handlers {
  const loaded = new Map<string, Promise<Handler>>();
  return {
    load(pipeline) {
      const key = `${pipeline.source} ${pipeline.warehouse.kind} ${pipeline.runsOn}`;
      const handler = loaded.get(key) ?? loadOne(root, pipeline);
      loaded.set(key, handler);
      return handler;
    },
  };
}

async function loadOne(root: string, { source, warehouse, runsOn }: Pipeline): Promise<Handler> {
  const { file, hash, bytes } = await bundleSource(source, { root, warehouse: warehouse.kind, runsOn });
  const module: Pick<Handler, 'run'> = await import(pathToFileURL(file).href);
  return { hash, bytes, run: module.run };
}
