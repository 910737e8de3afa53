import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import { asset, ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { type Bundle, bundleSource, zipBundle } from '../bundle.ts';

export interface SourceCodeArgs {
  readonly bucket: Input<string>;
  readonly staged: StagedCode;
}

/** A bundle that is ready to be uploaded: as a zip for functions, as a script for jobs. */
export interface StagedCode {
  readonly bundle: Bundle;
  /** Path of the zip, when a function needs it. */
  readonly zip: string | undefined;
  /** Path of the script, when a job needs it. */
  readonly script: string | undefined;
}

/** Bundles every source in use, once, in the forms that its pipelines need. */
export async function stageSources(
  root: string,
  pipelines: readonly Pipeline[],
): Promise<Map<string, StagedCode>> {
  const names = [...new Set(pipelines.map(({ source }) => source))].sort();
  const staged = await Promise.all(
    names.map(async (name) => {
      const forms = pipelines.filter(({ source }) => source === name).map(({ runsOn }) => runsOn);
      const bundle = await bundleSource(name, { root });
      return {
        bundle,
        zip: forms.includes('function') ? await zipBundle(bundle) : undefined,
        script: forms.includes('job') ? bundle.file : undefined,
      };
    }),
  );
  return new Map(staged.map((code) => [code.bundle.source, code]));
}

/**
 * The code of one source in the staging bucket. Its hash is in the names: new code is a new object, and no change
 * of the code is no change of the plan.
 */
export class SourceCode extends ComponentResource {
  readonly hash: string;
  /** For functions. */
  readonly archive: BucketObject | undefined;
  /** For jobs. */
  readonly script: BucketObject | undefined;
  /** Name of the script in the bucket. */
  readonly scriptName: string;

  constructor(name: string, { bucket, staged }: SourceCodeArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:SourceCode', name, {}, options);
    const { bundle, zip, script } = staged;
    this.hash = bundle.hash;
    this.scriptName = `jobs/${bundle.source}-${bundle.hash}/main.mjs`;
    const upload = (form: 'function' | 'job', object: string, path: string, contentType: string) =>
      new BucketObject(
        `${name}/${form}`,
        { bucket, name: object, source: new asset.FileAsset(path), contentType },
        { parent: this },
      );
    if (zip !== undefined)
      this.archive = upload(
        'function',
        `functions/${bundle.source}-${bundle.hash}.zip`,
        zip,
        'application/zip',
      );
    if (script !== undefined) this.script = upload('job', this.scriptName, script, 'text/javascript');
    this.registerOutputs();
  }
}
