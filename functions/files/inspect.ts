import { fatal } from '../core/errors.ts';
import type { FileRef } from '../core/extract.ts';
import type { FoundTable, InspectContext, InspectOf, TableDescription } from '../core/inspect.ts';
import { compressionOf, describeFile, formatOf } from './file-format.ts';
import { describeCsv } from './inspect/describe-csv.ts';
import { describeJson } from './inspect/describe-json.ts';
import { describeParquet } from './inspect/describe-parquet.ts';
import type { FileOptions, source } from './source.ts';
import { openStore } from './stores/open-store.ts';
import type { Store, StoredObject } from './stores/store.ts';

/** What a format is described from. */
export interface FileQuestion {
  readonly store: Store;
  readonly object: StoredObject;
  /** How it is written, as far as the stack file and the store say. */
  readonly how: Omit<FileRef, 'path'>;
  readonly compression: 'gzip' | 'zstd' | 'none';
  /** Rows of the sample, at most. */
  readonly sample: number;
}

/** Reads the footer of a Parquet file, and at most a megabyte of any other, whatever its size. */
export const inspect: InspectOf<typeof source> = {
  async tables(context) {
    const store = await open(context);
    const found = await store.find('**');
    return found
      .filter(({ key }) => formatOf(key) !== undefined)
      .map(
        ({ key, bytes }): FoundTable<FileOptions> => ({
          name: key,
          kind: 'file',
          bytes,
          options: { path: key },
        }),
      );
  },
  async describe({ options, sample, ...context }) {
    const store = await open(context);
    const { path } = options;
    const newest = (await store.find(path)).reduce<StoredObject | undefined>(
      (best, each) => (best === undefined || each.changedAt >= best.changedAt ? each : best),
      undefined,
    );
    // A list may say less of an object than the object itself, such as how it is packed.
    const object = newest && (await store.stat(newest.key));
    if (object === undefined)
      throw fatal('bad-input', {
        where: store.root,
        what: 'no file matches path',
        got: path,
        todo: 'correct path of the table or root of the group in the stack file',
      });
    const how = describeFile(object.key, options, path);
    const compression = object.packed ?? compressionOf(object.key, how);
    return describers[how.format]({ store, object, how, compression, sample });
  },
};

const describers: Readonly<Record<FileRef['format'], (question: FileQuestion) => Promise<TableDescription>>> =
  {
    csv: describeCsv,
    json: describeJson,
    ndjson: describeJson,
    parquet: describeParquet,
  };

function open({ settings, secret, http, signal }: InspectContext<typeof source>): Promise<Store> {
  return openStore({ where: settings.root, settings, secret, http, signal });
}
