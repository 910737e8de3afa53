import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fatal } from '../../functions/core/errors.ts';
import { tablesOf, type WarehouseConfig } from '../../functions/core/pipeline.ts';
import { type Column, systemColumns } from '../../functions/core/schema.ts';
import { loadSchema } from '../estate/schemas.ts';
import { type Estate, parseStackFile } from '../estate.ts';
import { bindingsOf } from '../iam.ts';
import { pipelineAccountName, schedulerAccountName, stagingBucketName } from '../names.ts';
import { evaluate } from './evaluate.ts';
import type { Graph, GraphResource } from './graph.ts';
import type { ExplainedBinding } from './iam-table.ts';
import { readStackConfig } from './stack-config.ts';
import type { PlannedTable } from './table-changes.ts';

/** Grows when a snapshot gets another shape: a base with another number is not compared. */
export const snapshotFormat = 1;

/** Everything a plan compares, of one stack at one commit. JSON all through. */
export interface Snapshot {
  readonly format: typeof snapshotFormat;
  readonly graph: Graph;
  readonly bindings: readonly ExplainedBinding[];
  readonly tables: readonly PlannedTable[];
  /** All schema files, by their path below `schemas/` without `.json`. */
  readonly schemas: Readonly<Record<string, readonly Column[]>>;
}

/**
 * Evaluates the program of a checkout for one stack.
 *
 * @throws a fatal error when the stack is unknown, its file has mistakes or the program fails
 */
export async function takeSnapshot(root: string, stackName: string): Promise<Snapshot> {
  const stack = readStackConfig(root, stackName);
  const text = readFileSync(join(root, stack.file), 'utf8');
  const estate = await parseStackFile(text, { file: stack.file, root });
  const program = await loadProgram(root);
  const tables = plannedTables(root, estate);
  const bindings = explainedBindings(estate);
  return {
    format: snapshotFormat,
    graph: withOwners(await evaluate({ root, stack, program }), tables, bindings),
    bindings,
    tables,
    schemas: readSchemas(root),
  };
}

async function loadProgram(root: string): Promise<() => Promise<unknown>> {
  const file = 'infra/index.ts';
  const module: { readonly default?: unknown } = await import(pathToFileURL(join(root, file)).href);
  const { default: program } = module;
  if (typeof program !== 'function')
    throw fatal('bad-input', { where: file, what: 'has no function as its default export' });
  return async () => program();
}

function explainedBindings({ pipelines, sources, gcp, stack }: Estate): ExplainedBinding[] {
  if (gcp === undefined) return [];
  const { project } = gcp;
  const context = { project, stagingBucket: stagingBucketName(project, stack) };
  return pipelines.flatMap((pipeline) =>
    bindingsOf(pipeline, { ...context, source: sources[pipeline.source] }).map(
      ({ id, member, role, on, because }) => ({
        pipeline: pipeline.name,
        id,
        member:
          member === 'pipeline' ? pipelineAccountName(pipeline.name) : schedulerAccountName(pipeline.name),
        role,
        on: { kind: on.kind, name: on.name },
        because,
      }),
    ),
  );
}

function plannedTables(root: string, { pipelines }: Estate): PlannedTable[] {
  return pipelines.flatMap(({ name: pipeline, warehouse, dataset, ...rest }) =>
    tablesOf(rest).map(({ declared, name, schema, key, windowField, partitionBy, clusterBy }) => ({
      pipeline,
      declared,
      ...placeOf(warehouse, `${dataset}.${name}`),
      schema,
      shape: {
        columns: [...loadSchema(root, schema), ...systemColumns],
        partitionBy: partitionBy ?? windowField,
        clusterBy,
        key,
      },
    })),
  );
}

function placeOf(warehouse: WarehouseConfig, table: string): Pick<PlannedTable, 'id' | 'madeByRuns'> {
  if (warehouse.kind === 'bigquery') return { id: `${warehouse.project}.${table}` };
  const { name, kind } = warehouse;
  return { id: `${name}:${table}`, madeByRuns: { warehouse: name, kind } };
}

/** Datasets, tables and secrets stand beside the pipelines; what only one pipeline uses is shown with it. */
function withOwners(
  graph: Graph,
  tables: readonly PlannedTable[],
  bindings: readonly ExplainedBinding[],
): Graph {
  const ownerOf = ({ type, inputs }: GraphResource): string | undefined => {
    const { project, datasetId, tableId, secretId } = inputs;
    const dataset = `${project}.${datasetId}.`;
    switch (type) {
      case 'gcp:bigquery/table:Table':
        return onlyPipeline(tables.filter(({ id }) => id === `${dataset}${tableId}`));
      case 'gcp:bigquery/dataset:Dataset':
        return onlyPipeline(tables.filter(({ id }) => id.startsWith(dataset)));
      case 'gcp:secretmanager/secret:Secret':
        return onlyPipeline(bindings.filter(({ on }) => on.kind === 'secret' && on.name === secretId));
      default:
        return undefined;
    }
  };
  const resources = graph.resources.map((each) => ({ ...each, pipeline: each.pipeline ?? ownerOf(each) }));
  return { ...graph, resources };
}

function onlyPipeline(users: readonly { readonly pipeline: string }[]): string | undefined {
  const pipelines = new Set(users.map(({ pipeline }) => pipeline));
  return pipelines.size === 1 ? [...pipelines][0] : undefined;
}

function readSchemas(root: string): Record<string, readonly Column[]> {
  const folder = join(root, 'schemas');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length).replaceAll('\\', '/'))
    .sort();
  return Object.fromEntries(names.map((name) => [name, loadSchema(root, name)]));
}

// A base is evaluated by its own copy of this file, in a process of its own: `snapshot.ts <stack> <output file>`.
if (import.meta.main) {
  const [stackName = '', output = ''] = process.argv.slice(2);
  writeFileSync(output, JSON.stringify(await takeSnapshot(resolve('.'), stackName)));
}
