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
 * @param name @default the only one, or the one named `main`
 * @throws fatal `bad-input` when that is not clear, or BigQuery, which has tools of its own for questions
 */
export function selectWarehouse({ warehouses, stack }: Estate, name?: string): WarehouseConfig {
  const where = `stack ${stack}`;
  const askable = Object.values(warehouses).filter(({ kind }) => kind !== 'bigquery');
  const names = askable.map((each) => each.name);
  const only = askable.length === 1 ? askable[0] : undefined;
  const found =
    name === undefined
      ? (only ?? askable.find((each) => each.name === 'main'))
      : askable.find((each) => each.name === name);
  if (found !== undefined) return found;
  if (askable.length === 0 || (name !== undefined && warehouses[name]?.kind === 'bigquery'))
    throw fatal('bad-input', {
      where,
      what: 'a BigQuery warehouse is not asked from here',
      got: name,
      ...(names.length > 0 ? { allowed: names } : {}),
      todo: 'use `bq query`, or a stack with another warehouse',
    });
  throw fatal('bad-input', {
    where,
    what: name === undefined ? 'it is not clear which warehouse is meant' : 'there is no such warehouse',
    got: name,
    allowed: names,
    ...(name === undefined ? { todo: 'name it with --warehouse' } : {}),
  });
}
