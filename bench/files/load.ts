import type { FileRef, SourceCode } from '../../functions/core/extract.ts';
import { discover, extract } from '../../functions/files/extract.ts';
import { source } from '../../functions/files/source.ts';
import { loadSchema } from '../../infra/estate/schemas.ts';
import { measure } from '../child.ts';
import { root } from '../compare.ts';
import { openRun } from '../run-once.ts';

export interface FileLoad {
  /** A DuckDB file that does not exist yet. */
  readonly path: string;
  /** Where the file to load is. */
  readonly folder: string;
  readonly name: string;
  readonly format: FileRef['format'];
  /** The same file as a table function of DuckDB. */
  readonly typed: string;
}

const schema = 'files/flights';

/** A whole run of the pipeline with the one table. */
await measure<FileLoad>(({ path, folder, name, format }) =>
  openRun({
    path,
    source,
    code: { extract, discover } as unknown as SourceCode,
    schemas: { [schema]: loadSchema(root, schema) },
    settings: { root: folder },
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
    secret: {},
  }),
);
