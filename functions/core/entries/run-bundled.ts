import type { RunSummary } from '../run/request.ts';
import { runPipeline } from '../run/run.ts';
import type { Column } from '../schema.ts';
import { checkSchema } from '../schema.ts';
import type { Bundled, BundledRequest } from './entry.ts';

/** Runs a pipeline with the declaration, the extractor and the schemas of a bundle. */
export async function runBundled(bundled: Bundled, request: BundledRequest): Promise<RunSummary> {
  const [{ source }, code] = await Promise.all([bundled.declaration(), bundled.code()]);
  return runPipeline({ ...request, source, code, schemas: checkSchemas(bundled.schemas) });
}

function checkSchemas(schemas: Bundled['schemas']): Record<string, readonly Column[]> {
  const checked: Record<string, readonly Column[]> = {};
  for (const [name, json] of Object.entries(schemas))
    checked[name] = checkSchema(json, `schemas/${name}.json`);
  return checked;
}
