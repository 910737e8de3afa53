import { isDeepStrictEqual } from 'node:util';
import { type Pipeline, type PipelineTable, tablesOf } from '../../functions/core/pipeline.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { accountsOf } from './groups.ts';
import type { Report } from './mistake.ts';
import { placeOf, tableIdOf } from './place.ts';

interface Writer {
  readonly pipeline: Pipeline;
  readonly table: PipelineTable;
}

/** Reports what two pipelines cannot share. */
export function crossCheck(
  pipelines: readonly Pipeline[],
  sources: Readonly<Record<string, AnySource>>,
  report: Report,
): void {
  checkSharedDatasets(pipelines, report);
  checkSharedTables(pipelines, sources, report);
}

/** A dataset is in one location. */
function checkSharedDatasets(pipelines: readonly Pipeline[], report: Report): void {
  const locations = new Map<string, { readonly location: string; readonly pipeline: string }>();
  for (const pipeline of pipelines) {
    const { warehouse, dataset, name } = pipeline;
    if (warehouse.kind !== 'bigquery') continue;
    const id = `${placeOf(warehouse)}.${dataset}`;
    const first = locations.get(id);
    if (first === undefined) locations.set(id, { location: warehouse.location, pipeline: name });
    else if (first.location !== warehouse.location)
      report({
        path: ['pipelines', name, 'warehouse'],
        what: `puts ${dataset} in another location than the pipeline "${first.pipeline}"`,
        got: warehouse.location,
        allowed: first.location,
        todo: 'give it another dataset',
      });
  }
}

/** Two pipelines must not overwrite or double each other's rows. */
function checkSharedTables(
  pipelines: readonly Pipeline[],
  sources: Readonly<Record<string, AnySource>>,
  report: Report,
): void {
  const writers = new Map<string, Writer>();
  for (const pipeline of pipelines)
    for (const table of tablesOf(pipeline)) {
      const { warehouse, dataset } = pipeline;
      // Two names of one place do not hide that two pipelines meet there.
      const id = `${warehouse.kind} ${placeOf(warehouse)} ${tableIdOf(warehouse, dataset, table.name)}`;
      const first = writers.get(id);
      if (first === undefined) writers.set(id, { pipeline, table });
      else if (first.pipeline !== pipeline) compare(first, { pipeline, table }, sources, report);
    }
}

function compare(
  first: Writer,
  second: Writer,
  sources: Readonly<Record<string, AnySource>>,
  report: Report,
): void {
  const path = ['pipelines', second.pipeline.name, 'tables', second.table.declared];
  const name = `${second.pipeline.dataset}.${second.table.name}`;
  const other = `the pipeline "${first.pipeline.name}"`;
  const isReplaced = first.table.writeMode === 'replace' || second.table.writeMode === 'replace';
  if (isReplaced) {
    report({
      path,
      what: `is written by ${other} too, and a table that is replaced has one writer`,
      got: name,
      todo: 'give it another name or dataset',
    });
    return;
  }
  const isSame =
    first.table.name === second.table.name &&
    first.pipeline.dataset === second.pipeline.dataset &&
    isDeepStrictEqual(shapeOf(first.table), shapeOf(second.table));
  if (!isSame) {
    report({
      path,
      what: `is written by ${other} too, with another spelling, schema, key, partition or clustering`,
      got: name,
      todo: 'give it another name or dataset',
    });
    return;
  }
  const source = sources[second.pipeline.source];
  if (source === undefined || first.pipeline.source !== second.pipeline.source) return;
  const taken = new Set(first.pipeline.groups.flatMap((group) => accountsOf(group, source)));
  const shared = second.pipeline.groups
    .flatMap((group) => accountsOf(group, source))
    .find((account) => taken.has(account));
  if (shared !== undefined)
    report({
      path,
      what: `is written by ${other} too, for the same account`,
      got: shared === '-' ? name : shared,
      todo: 'leave the account to one pipeline, or give the table another name or dataset',
    });
}

function shapeOf({ schema, key, partitionBy, windowField, clusterBy }: PipelineTable) {
  return { schema, key, partitionBy: partitionBy ?? windowField, clusterBy: clusterBy ?? [] };
}
