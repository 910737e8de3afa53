import type { ByteStream } from '../bytes.ts';
import type { Segment } from './cut-segments.ts';
import type { TextFormat } from './text-cells.ts';

/** A segment that waits to be loaded. */
export interface Filled {
  readonly segment: Segment;
  readonly stream: ByteStream;
  readonly format: TextFormat;
}

export interface SegmentQueue {
  /** Settles when the segment is loaded, or fails with its batch. */
  add(filled: Filled): Promise<void>;
}

/** Hands what waits to `work`, one batch after the other; a batch is what has come meanwhile, up to `most`. */
export function createQueue(work: (batch: readonly Filled[]) => Promise<void>, most: number): SegmentQueue {
  const waiting: { readonly filled: Filled; readonly done: PromiseWithResolvers<void> }[] = [];
  let isWorking = false;

  const runAll = async () => {
    if (isWorking) return;
    isWorking = true;
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      const shape = shapeOf(first.filled);
      const others = waiting.findIndex(({ filled }, index) => index >= most || shapeOf(filled) !== shape);
      const batch = waiting.splice(0, others === -1 ? waiting.length : others);
      try {
        await work(batch.map(({ filled }) => filled));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    isWorking = false;
  };
  return {
    add(filled: Filled): Promise<void> {
      const done = Promise.withResolvers<void>();
      waiting.push({ filled, done });
      void runAll();
      return done.promise;
    },
  };
}

/** Segments of one shape are read by one statement. */
function shapeOf({ format, stream: { columns, exact } }: Filled): string {
  return JSON.stringify([format, columns, exact]);
}
