import { inspect } from './inspect.ts';
import type { TestPlace } from './sandbox/places.ts';
import type { FileOptions } from './source.ts';

export const describeFile = (place: TestPlace, options: FileOptions) =>
  inspect.describe({ ...place, signal: new AbortController().signal, options, sample: 2 });

/** Types by column, with mode and format where they say something. */
export const typesOf = async (place: TestPlace, options: FileOptions) =>
  Object.fromEntries(
    (await describeFile(place, options)).columns.map(({ column: { name, type, mode, format } }) => [
      name,
      `${type}${mode === 'REPEATED' ? ' REPEATED' : ''}${format === undefined ? '' : ` ${format}`}`,
    ]),
  );
