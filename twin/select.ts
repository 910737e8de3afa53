import { fatal } from '../functions/core/errors.ts';
import type { Group, Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';
import type { Estate } from '../infra/estate.ts';

/** One group of one pipeline: what one run loads. */
export interface Target {
  readonly pipeline: Pipeline;
  readonly group: Group;
}

/**
 * The groups a command is about, in the order of the stack file.
 *
 * @param pipeline @default all
 * @param group @default all of the pipeline
 * @throws fatal `bad-input` for a name that is not in the stack file, with those that are
 */
export function selectTargets(estate: Estate, pipeline?: string, group?: string): readonly Target[] {
  const where = `stack ${estate.stack}`;
  const names = estate.pipelines.map(({ name }) => name);
  if (pipeline !== undefined && !names.includes(pipeline))
    throw fatal('bad-input', { where, what: 'there is no such pipeline', got: pipeline, allowed: names });
  const pipelines = estate.pipelines.filter(({ name }) => pipeline === undefined || name === pipeline);
  return pipelines.flatMap((each) => {
    const groups = each.groups.map(({ name }) => name);
    if (group !== undefined && !groups.includes(group))
      throw fatal('bad-input', {
        where: each.name,
        what: 'there is no such group',
        got: group,
        allowed: groups,
      });
    const wanted = each.groups.filter(({ name }) => group === undefined || name === group);
    return wanted.map((one) => ({ pipeline: each, group: one }));
  });
}

/**
 * The warehouse that a question goes to.
 *
 * @param name @default the only embedded one, or the one named `main`
 * @throws fatal `bad-input` when that is not clear, or not an embedded one
 */
export function selectWarehouse(
  { warehouses, stack }: Estate,
  name?: string,
): Extract<WarehouseConfig, { readonly kind: 'duckdb' }> {
  const embedded = Object.values(warehouses).filter((each) => each.kind === 'duckdb');
  const only = embedded.length === 1 ? embedded[0] : undefined;
  const found =
    name === undefined
      ? (only ?? embedded.find((each) => each.name === 'main'))
      : embedded.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw fatal('bad-input', {
    where: `stack ${stack}`,
    what:
      name === undefined ? 'it is not clear which warehouse is meant' : 'there is no such embedded warehouse',
    ...(name === undefined ? {} : { got: name }),
    allowed:
      embedded.length > 0 ? embedded.map((each) => each.name) : 'none, the stack has no duckdb warehouse',
    ...(embedded.length > 1 && name === undefined ? { todo: 'name it with --warehouse' } : {}),
  });
}
