import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import { asset, ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';
import type { NativeDuckdb } from '../bundle/native-duckdb.ts';

export interface DuckdbLibraryArgs {
  readonly bucket: Input<string>;
  readonly library: NativeDuckdb;
}

/** DuckDB's native part in the staging bucket, once for all jobs that check files: they mount it beside their script. */
export class DuckdbLibrary extends ComponentResource {
  /** Folder in the bucket that stands for `node_modules`. */
  readonly folder: string;

  constructor(name: string, { bucket, library }: DuckdbLibraryArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:DuckdbLibrary', name, {}, options);
    this.folder = `native/duckdb-${library.version}/node_modules`;
    for (const [file, path] of library.files)
      new BucketObject(
        `${name}/${file}`,
        {
          bucket,
          name: `${this.folder}/${file}`,
          source: new asset.FileAsset(path),
          contentType: 'application/octet-stream',
        },
        { parent: this },
      );
    this.registerOutputs();
  }
}
