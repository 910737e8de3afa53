import { type Pipeline, tablesOf } from '../functions/core/pipeline.ts';
import type { DatasetTable } from './components/warehouse-dataset.ts';
import { loadSchemas } from './estate/schemas.ts';

export interface DatasetPlan {
  readonly project: string;
  readonly location: string;
  readonly dataset: string;
  readonly tables: readonly DatasetTable[];
}

/** `project.dataset`; undefined where the runs make their tables themselves, as they do in all but BigQuery. */
export function datasetIdOf({ warehouse, dataset }: Pipeline): string | undefined {
  return warehouse.kind === 'bigquery' ? `${warehouse.project}.${dataset}` : undefined;
}

/** The BigQuery datasets of an estate by `project.dataset`, each table once, even where several pipelines write it. */
export function datasetsOf(root: string, pipelines: readonly Pipeline[]): Map<string, DatasetPlan> {
  const plans = new Map<string, DatasetPlan & { readonly tables: DatasetTable[] }>();
  for (const pipeline of pipelines) {
    const { warehouse, dataset, source } = pipeline;
    const id = datasetIdOf(pipeline);
    if (warehouse.kind !== 'bigquery' || id === undefined) continue;
    const { project, location } = warehouse;
    const plan = plans.get(id) ?? { project, location, dataset, tables: [] };
    plans.set(id, plan);
    const schemas = loadSchemas(root, pipeline);
    for (const table of tablesOf(pipeline)) {
      if (plan.tables.some((other) => other.table.name === table.name)) continue;
      plan.tables.push({ table, columns: schemas[table.schema] ?? [], source });
    }
  }
  return plans;
}
