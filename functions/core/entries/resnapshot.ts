import { fatal } from '../errors.ts';
import type { Pipeline } from '../pipeline.ts';

/** A field of an order as it came, under its name there. */
export interface Given {
  readonly field: string;
  readonly value: unknown;
}

/** Tables of a log that are to be read whole again; without `tables` all of them, from a new place in the log. */
export interface Resnapshot {
  readonly resnapshot?: true;
  readonly tables?: readonly string[];
}

/**
 * Checks an order to read tables of a log anew.
 *
 * @param given.resnapshot true, also as text
 * @param given.table one name, several with commas between, or a list; only together with `resnapshot`
 * @param given.beside what the order holds that excludes it
 * @throws fatal `bad-input` when the pipeline has no table that is read from a log, or not this one
 */
export function parseResnapshot(
  pipeline: Pipeline,
  given: {
    readonly resnapshot: Given | undefined;
    readonly table: Given | undefined;
    readonly beside: string | undefined;
  },
): Resnapshot {
  const { resnapshot, table, beside } = given;
  const where = pipeline.name;
  if (resnapshot === undefined) {
    if (table === undefined) return {};
    const { field } = table;
    throw fatal('bad-input', { where, what: `${field} goes with an order to read it anew only`, field });
  }
  const { field, value } = resnapshot;
  if (value !== true && value !== 'true') {
    const allowed = 'true, or leave it out';
    throw fatal('bad-input', { where, what: `${field} is not true`, field, got: value, allowed });
  }
  if (beside !== undefined)
    throw fatal('bad-input', { where, what: `${field} and ${beside} exclude each other`, field });
  const logs = pipeline.tables.filter(({ cursor }) => cursor.kind === 'log').map(({ declared }) => declared);
  if (logs.length === 0)
    throw fatal('bad-input', {
      where,
      what: `no table of this pipeline is read from a log, so ${field} means nothing here`,
      field,
      todo: `leave ${field} out; to load days again, name them`,
    });
  return table === undefined
    ? { resnapshot: true }
    : { resnapshot: true, tables: namesOf(table, logs, where) };
}

function namesOf({ field, value }: Given, allowed: readonly string[], where: string): readonly string[] {
  const names: readonly unknown[] = typeof value === 'string' ? value.split(',') : [value].flat();
  const unknown = names.find((name) => typeof name !== 'string' || !allowed.includes(name));
  if (names.length > 0 && unknown === undefined) return names as readonly string[];
  const what = `${field} names no table that is read from a log`;
  throw fatal('bad-input', { where, what, field, got: names.length === 0 ? value : unknown, allowed });
}
