import type { SourceCode } from '../../functions/core/extract.ts';
import { discover, extract } from '../../functions/files/extract.ts';
import { source } from '../../functions/files/source.ts';
import { loadSchema } from '../../infra/estate/schemas.ts';
import { measure } from '../child.ts';
import { root } from '../compare.ts';
import type { FileLoad } from '../files/load.ts';
import { openRun } from '../run-once.ts';

export interface StoreLoad extends Omit<FileLoad, 'folder'> {
  /** Of the store, without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const schema = 'files/flights';

/** A whole run of the pipeline with the one table, out of a bucket. */
await measure<StoreLoad>(({ path, name, format, endpoint, region, keys }) =>
  openRun({
    path,
    source,
    code: { extract, discover } as unknown as SourceCode,
    schemas: { [schema]: loadSchema(root, schema) },
    settings: { root: 's3://bench', endpoint, region },
    tables: [
      {
        declared: 'flights',
        name: 'flights',
        schema,
        key: [],
        cursor: { kind: 'objects' },
        writeMode: 'replace',
        options: { path: name, format },
      },
    ],
    secret: { s3: keys },
  }),
);
