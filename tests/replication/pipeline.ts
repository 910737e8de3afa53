import type { Log, SourceCode } from '../../functions/core/extract.ts';
import type { Pipeline, PipelineTable, WarehouseConfig } from '../../functions/core/pipeline.ts';
import type { OnRunEvent } from '../../functions/core/run/event.ts';
import type { RunSummary } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import type { Column } from '../../functions/core/schema.ts';
import { checkSchema } from '../../functions/core/schema.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { extract } from '../../functions/postgres-replication/extract.ts';
import { source } from '../../functions/postgres-replication/source.ts';

/** The dataset that all replication tests load into. */
export const dataset = 'replica';

/** A table of the stack file, in short. */
export interface TableEntry {
  /** `schema.table` of the source. */
  readonly from: string;
  readonly key: readonly string[];
  /** As in a schema file. */
  readonly columns: readonly Partial<Column>[];
  readonly deletedAt?: string;
  readonly without?: readonly string[];
}

/** What a replicating pipeline is made of. JSON all through, so that it can be handed to a child process. */
export interface Replication {
  readonly address: { readonly host: string; readonly port: number; readonly database: string };
  readonly login: { readonly user: string; readonly password: string };
  readonly tables: Readonly<Record<string, TableEntry>>;
  /** Over the defaults of the tests: publication `pub`, slot `catchment`, both created. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  readonly group?: string | undefined;
}

export interface RunOptions {
  readonly warehouse: Warehouse;
  readonly resnapshot?: boolean;
  readonly tables?: readonly string[];
  readonly onEvent?: OnRunEvent;
  readonly signal?: AbortSignal;
  readonly deadline?: Date;
  readonly now?: () => Date;
  readonly log?: Log;
  /** In place of the source's own code. */
  readonly code?: SourceCode;
  /** @default none: a source that is away fails the run at once */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function runReplication(replication: Replication, options: RunOptions): Promise<RunSummary> {
  return runPipeline({
    pipeline: pipelineOf(replication),
    group: replication.group ?? 'g',
    source,
    code: { extract: extract as never },
    schemas: Object.fromEntries(
      Object.entries(replication.tables).map(([name, { columns }]) => [
        `postgres-replication/${name}`,
        checkSchema(columns, name),
      ]),
    ),
    secret: replication.login,
    trigger: 'test',
    ...options,
  });
}

function pipelineOf({ address, tables, settings, group }: Replication): Pipeline {
  const warehouse: WarehouseConfig = { name: 'main', kind: 'duckdb', path: 'unused' };
  return {
    name: 'replication',
    source: 'postgres-replication',
    warehouse,
    dataset,
    tables: Object.entries(tables).map(
      ([name, { from, key, deletedAt, without = [] }]): PipelineTable => ({
        ...{ declared: name, name, schema: `postgres-replication/${name}`, key },
        ...{ writeMode: 'merge', cursor: { kind: 'log' } },
        options: { from, without, ...(deletedAt === undefined ? {} : { deletedAt }) },
      }),
    ),
    groups: [
      {
        name: group ?? 'g',
        timeZone: 'UTC',
        sandbox: false,
        settings: { ...address, publication: 'pub', slot: 'catchment', create: true, ...settings },
      },
    ],
    schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: true },
    runsOn: 'job',
  };
}
