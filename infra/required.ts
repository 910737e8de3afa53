import { fatal } from '../functions/core/errors.ts';

/**
 * A value that another part of the program has made.
 *
 * @throws fatal `internal` when it is not there
 */
export function required<V>(value: V | undefined, what: string): V {
  if (value === undefined)
    throw fatal('internal', {
      what: `${what} was not made`,
      todo: 'report this: the program contradicts itself',
    });
  return value;
}
