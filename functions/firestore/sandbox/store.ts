/** Fields of a document in the API's own form. */
export type Fields = Readonly<Record<string, unknown>>;

interface Version {
  readonly path: string;
  readonly fields: Fields;
  readonly from: bigint;
  /** When it was replaced or deleted. */
  until: bigint | undefined;
  readonly created: bigint;
}

/** A document at some moment. */
export interface Stored {
  /** `users/u1` */
  readonly path: string;
  readonly fields: Fields;
  /** Microseconds since 1970. */
  readonly created: bigint;
  readonly updated: bigint;
}

/** Documents with their past, as far as a query may look back. */
export interface Store {
  put(path: string, fields: Fields): void;
  remove(path: string): void;
  /** All documents as they were at a moment, by path. */
  at(moment: bigint): readonly Stored[];
  /** A moment after everything that was written, in microseconds. */
  now(): bigint;
}

export function createStore(clock: () => Date): Store {
  const versions: Version[] = [];
  let last = 0n;
  // Two writes never have one moment, also when the clock stands.
  const tick = () => {
    const micros = BigInt(clock().getTime()) * 1000n;
    last = micros > last ? micros : last + 1n;
    return last;
  };
  const current = (path: string) => versions.find((each) => each.path === path && each.until === undefined);
  const end = (path: string, moment: bigint) => {
    const old = current(path);
    if (old !== undefined) old.until = moment;
    return old;
  };
  return {
    put(path, fields) {
      const moment = tick();
      const old = end(path, moment);
      versions.push({ path, fields, from: moment, until: undefined, created: old?.created ?? moment });
    },
    remove(path) {
      end(path, tick());
    },
    at: (moment) =>
      versions
        .filter(({ from, until }) => from <= moment && (until === undefined || until > moment))
        .map(({ path, fields, from, created }) => ({ path, fields, created, updated: from }))
        .sort((a, b) => comparePaths(a.path, b.path)),
    now: tick,
  };
}

/** Paths are ordered part by part, not as one text. */
export function comparePaths(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = Buffer.compare(Buffer.from(a[index] ?? ''), Buffer.from(b[index] ?? ''));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
