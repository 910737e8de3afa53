import type { Http } from '../core/http/http.ts';
import { fetchBytes } from './fetch-object.ts';
import type { Store, StoredObject } from './stores/store.ts';

/** Objects up to this size are fetched before their turn: for them the way there and back takes longer than the bytes. */
const smallBytes = 2 ** 20;

export interface Fetched {
  readonly object: StoredObject;
  readonly bytes: Buffer;
}

/** A slice whose object may be fetched early. */
export interface Upcoming {
  readonly origin: string;
  readonly object: { readonly generation: string; readonly bytes: number };
}

/** What was begun early, by run: each run has a network of its own. */
const runs = new WeakMap<Http, Map<string, Promise<Fetched | undefined>>>();

/** Starts to fetch the small ones among the next slices. At most eight at once, so at most 8 MiB. */
export function fetchAhead(http: Http, store: Store, ahead: readonly Upcoming[]): void {
  const begun = begunOf(http);
  for (const slice of ahead) {
    const { origin, object } = slice;
    if (object.bytes === 0 || object.bytes > smallBytes || begun.has(keyOf(slice))) continue;
    begun.set(
      keyOf(slice),
      // An error here is no error yet: the slice asks again, in its turn.
      fetchOne(store, origin, object.generation).catch(() => undefined),
    );
  }
}

/** What was fetched for this slice; undefined when nothing was. */
export async function takeAhead(http: Http, slice: Upcoming): Promise<Fetched | undefined> {
  const begun = begunOf(http);
  const fetched = begun.get(keyOf(slice));
  begun.delete(keyOf(slice));
  return fetched;
}

async function fetchOne(store: Store, key: string, generation: string): Promise<Fetched | undefined> {
  const object = await store.stat(key);
  if (object?.generation !== generation) return undefined;
  return { object, bytes: await fetchBytes(store, object) };
}

function begunOf(http: Http): Map<string, Promise<Fetched | undefined>> {
  const begun = runs.get(http) ?? new Map<string, Promise<Fetched | undefined>>();
  runs.set(http, begun);
  return begun;
}

function keyOf({ origin, object }: Upcoming): string {
  return `${origin}\n${object.generation}`;
}
