import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import { asset, ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { type Bundle, bundleSource, zipBundle } from '../bundle.ts';
import type { Estate } from '../estate.ts';

export interface SourceCodeArgs {
  readonly bucket: Input<string>;
  readonly staged: StagedCode;
}

/** A bundle that is ready to be uploaded: as a zip for functions, as a script for jobs. */
export interface StagedCode {
  readonly bundle: Bundle;
  /** Path of the zip, for a function. */
  readonly zip: string | undefined;
}

/** Pipelines with one name share their code: the source, the one warehouse in it, and what it is deployed as. */
export function codeNameOf({ source, warehouse, runsOn }: Pipeline): string {
  return `${source}/${warehouse.kind}/${runsOn}`;
}

/** Bundles every source in use, once for each kind of warehouse and handler that its pipelines have. */
export async function stageSources(
  root: string,
  { pipelines, sources }: Pick<Estate, 'pipelines' | 'sources'>,
): Promise<Map<string, StagedCode>> {
  const unique = new Map(pipelines.map((pipeline) => [codeNameOf(pipeline), pipeline]));
  const staged = await Promise.all(
    [...unique].map(async ([name, { source, warehouse, runsOn }]) => {
      const checksFiles = sources[source]?.openTables !== undefined;
      const bundle = await bundleSource(source, { root, warehouse: warehouse.kind, runsOn, checksFiles });
      const zip = runsOn === 'function' ? await zipBundle(bundle) : undefined;
      return [name, { bundle, zip }] as const;
    }),
  );
  return new Map(staged.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The code of one source in the staging bucket. Its hash is in the names: new code is a new object, and no change
 * of the code is no change of the plan.
 */
export class SourceCode extends ComponentResource {
  readonly hash: string;
  /** For functions. */
  readonly archive: BucketObject | undefined;
  /** Name of a job's script in the bucket. */
  readonly scriptName: string;
  readonly needsDuckdb: boolean;

  constructor(name: string, { bucket, staged }: SourceCodeArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:SourceCode', name, {}, options);
    const { bundle, zip } = staged;
    this.hash = bundle.hash;
    this.needsDuckdb = bundle.needsDuckdb;
    this.scriptName = `jobs/${bundle.source}-${bundle.hash}/main.mjs`;
    const upload = (object: string, path: string, contentType: string) =>
      new BucketObject(
        name,
        { bucket, name: object, source: new asset.FileAsset(path), contentType },
        { parent: this },
      );
    if (zip === undefined) upload(this.scriptName, bundle.file, 'text/javascript');
    else this.archive = upload(`functions/${bundle.source}-${bundle.hash}.zip`, zip, 'application/zip');
    this.registerOutputs();
  }
}
