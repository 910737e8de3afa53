import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ObjectReadOf } from '../core/engine-read.ts';
import { fatal } from '../core/errors.ts';
import type { DiscoverOf, ExtractContext, ExtractOf, FileRef, FoundObject } from '../core/extract.ts';
import { goneGeneration } from '../core/extract.ts';
import { fetchAhead, takeAhead } from './fetch-ahead.ts';
import { fetchObject } from './fetch-object.ts';
import { compressionOf, describeFile } from './file-format.ts';
import { parsePlace } from './place.ts';
import { selectObjects } from './select.ts';
import type { source } from './source.ts';
import { isGlob, names } from './stores/find.ts';
import { openStore } from './stores/open-store.ts';
import { changed } from './stores/refusal.ts';
import type { Store, StoredObject } from './stores/store.ts';
import { isTransferable, transferObject } from './transfer.ts';

export { inspect } from './inspect.ts';

/** Loaded by runs with an engine only. */
export const objectRead: ObjectReadOf<typeof source> = async (context) =>
  (await import('./engine.ts')).objectRead(context);

/** Lists the files of one table, in the order of their names, and those that are gone since they were loaded. */
export const discover: DiscoverOf<typeof source> = async ({ table, options, known, ...context }) => {
  context.signal.throwIfAborted();
  const store = await openStore({ ...context, where: table });
  const found = await store.find(options.path);
  if (found.length === 0) throw nothingFound(store, options.path, table);
  const present: FoundObject[] = selectObjects(found, options, table).map(({ key, generation, bytes }) => {
    describeFile(key, options, table);
    return { origin: key, generation, bytes };
  });
  const keys = new Set(found.map(({ key }) => key));
  const gone = known.filter((origin) => !keys.has(origin) && names(options.path, origin));
  return [
    ...present,
    ...gone.map((origin) => ({
      origin,
      generation: goneGeneration,
      bytes: 0,
      gone: options.onDelete ?? ('keep' as const),
    })),
  ];
};

/** Hands over one file; the warehouse reads it, from its store if it can, else from this machine. */
export const extract: ExtractOf<typeof source> = async function* (context) {
  const { slice, settings } = context;
  if (slice.object.generation === goneGeneration) return;
  const store = await openStore({ ...context, where: slice.table });
  const { kind } = parsePlace(settings.root);
  const how = describeFile(slice.origin, slice.options, slice.table);
  if (kind === 'local' || (kind === 'gs' && readsItself(context, how))) {
    const written =
      kind === 'local' ? how : packing(await current(store, slice.origin, slice.object.generation), how);
    yield { table: slice.table, files: [{ path: store.locate(slice.origin), ...written }] };
    // The reader was given a name, not a generation: it must still be the same.
    await current(store, slice.origin, slice.object.generation);
    return;
  }
  if (readsItself(context, how) && isTransferable(context, slice.object.bytes)) {
    const object = await current(store, slice.origin, slice.object.generation);
    const copy = await transferObject({ ...context, store, object });
    yield { table: slice.table, files: [{ path: copy, ...packing(object, how) }] };
    await current(store, slice.origin, slice.object.generation);
    return;
  }
  const { object, path } = await bring(store, context);
  yield { table: slice.table, files: [{ path, ...packing(object, how) }] };
};

type Context = ExtractContext<typeof source>;
type Written = Omit<FileRef, 'path'>;

/** BigQuery loads these from a bucket as they are; others go through this machine. */
function readsItself({ accepts, slice }: Context, how: Written): boolean {
  const { format, encoding = 'utf-8', records } = how;
  const isPlain = format === 'csv' || format === 'parquet' || (format === 'ndjson' && records === undefined);
  const isPackedOtherwise = compressionOf(slice.origin, how) === 'zstd';
  return accepts.includes('gs') && isPlain && !isPackedOtherwise && encoding === 'utf-8';
}

async function bring(store: Store, { slice, http, scratch, ahead }: Context) {
  fetchAhead(
    http,
    store,
    ahead.filter(({ table }) => table === slice.table),
  );
  const fetched = await takeAhead(http, slice);
  if (fetched === undefined) {
    const object = await current(store, slice.origin, slice.object.generation);
    return { object, path: await fetchObject(store, object, await scratch()) };
  }
  const path = join(await scratch(), basename(slice.origin));
  await writeFile(path, fetched.bytes);
  return { object: fetched.object, path };
}

/** @throws retryable `vendor` when the object is not the one that was listed */
async function current(store: Store, key: string, generation: string): Promise<StoredObject> {
  const object = await store.stat(key);
  if (object?.generation === generation) return object;
  throw changed(store.locate(key), object === undefined ? 'it is gone' : 'it has another generation');
}

/** What the store says about packing wins over the name: `content-encoding: gzip` on `x.csv`. */
function packing({ packed }: StoredObject, how: Written): Written {
  return packed === undefined ? how : { ...how, compression: packed };
}

function nothingFound(store: Store, path: string, where: string) {
  return fatal('bad-input', {
    where,
    what: 'no file matches path',
    got: path,
    allowed: `files below ${store.root}`,
    todo: isGlob(path)
      ? 'put the file there, or correct path or root in the stack file'
      : 'put the file there, or correct path or root in the stack file; a folder is named by a glob, such as folder/*.csv',
  });
}
