import type { Column } from './schema.ts';
import type { TableDeclaration } from './source.ts';

/** A warehouse as the stack file names it. */
export type WarehouseConfig =
  | {
      readonly name: string;
      readonly kind: 'duckdb';
      /** File path, relative to the project. */
      readonly path: string;
      /** DuckDB's memory limit. @default "512MB" */
      readonly memoryLimit?: string | undefined;
    }
  | {
      readonly name: string;
      readonly kind: 'bigquery';
      readonly project: string;
      /** BigQuery location such as `EU` or `europe-west1`. */
      readonly location: string;
    }
  | {
      readonly name: string;
      readonly kind: 'clickhouse';
      /** HTTP(S) address, such as `https://ch.internal:8443`. A pipeline's dataset is a database there. */
      readonly url: string;
      /** Database of the ledger. @default "catchment" */
      readonly database?: string | undefined;
      /** Name of the secret `{ user, password }`; none for a server on this machine. */
      readonly secret?: string | undefined;
    }
  | {
      readonly name: string;
      readonly kind: 'postgres';
      readonly host: string;
      /** @default 5432 */
      readonly port?: number | undefined;
      readonly database: string;
      /** As libpq's sslmode. @default "verify-full", "disable" on this machine */
      readonly sslMode?: 'disable' | 'require' | 'verify-full' | undefined;
      /** Name of the secret `{ user, password }` (and `ca`, a PEM); none for a server on this machine. */
      readonly secret?: string | undefined;
    }
  | {
      readonly name: string;
      readonly kind: 'sqlite';
      /** File path, relative to the project. Tables are `<dataset>_<table>`, or `<table>` in the dataset `main`. */
      readonly path: string;
    };

/** One table of a pipeline: the declaration as the stack file changed it. JSON all through. */
export interface PipelineTable extends TableDeclaration {
  /** The name in the declaration. */
  readonly declared: string;
  /** The name in the warehouse; the stack file may rename it. */
  readonly name: string;
  /** Schema file below `schemas/`, without `.json`. */
  readonly schema: string;
  /** Settings of the table's own, for sources with open tables. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** A table that the warehouse computes from others, by SQL, after they were loaded. */
export interface Transform extends PipelineTable {
  /**
   * One SELECT in the warehouse's own dialect, which names all columns of the schema file. `{{dataset}}` stands for the
   * pipeline's dataset, `{{since}}` for the newest value of the watermark column that the table has, as a literal.
   */
  readonly sql: string;
  /** Declared names of the tables it reads. */
  readonly after: readonly string[];
}

/** A named set of accounts with its own secret and its own state. */
export interface Group {
  readonly name: string;
  /** Name of the secret; undefined for sources that need none. */
  readonly secret?: string | undefined;
  /** IANA zone in which this group's days begin. @default "UTC" */
  readonly timeZone: string;
  /** The twin only: talk to the source's sandbox, with the sandbox's own secret. */
  readonly sandbox: boolean;
  /** Shaped by the source's `settings`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A VPC network that a handler sends its private traffic into. */
export interface Network {
  readonly network: string;
  /** In the estate's region. */
  readonly subnetwork: string;
}

export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
}

/**
 * A source switched on in one environment, with everything a run needs but the secrets' values. It is what the
 * stack file becomes, and what a deployed handler is given in the variable `CATCHMENT_PIPELINE`.
 */
export interface Pipeline {
  readonly name: string;
  readonly source: string;
  readonly warehouse: WarehouseConfig;
  /** BigQuery dataset, or the schema of the embedded warehouse. */
  readonly dataset: string;
  readonly tables: readonly PipelineTable[];
  /** In their order: one may read what an earlier one made. */
  readonly transforms?: readonly Transform[] | undefined;
  readonly groups: readonly Group[];
  readonly schedule: Schedule;
  /** The source's, unless the stack file says otherwise. */
  readonly runsOn: 'function' | 'job';
  /** First day of the first incremental run, `YYYY-MM-DD`. @default seven days ago */
  readonly since?: string | undefined;
  /** How the handler reaches private addresses (Direct VPC egress). @default none: public addresses only */
  readonly network?: Network | undefined;
  /** Jobs only: tasks that share the slices of a run; slice i belongs to task i mod n. @default 1 */
  readonly tasks?: number | undefined;
  /** Tasks that work at once. @default all */
  readonly parallelism?: number | undefined;
  /** Who moves the rows: `dataflow` launches Google's template for each slice. @default the handler itself */
  readonly engine?: 'dataflow' | undefined;
}

/** A pipeline's table together with the columns of its schema file: what a warehouse needs to know. */
export interface TableTarget extends PipelineTable {
  readonly dataset: string;
  readonly columns: readonly Column[];
}

/** The tables that a pipeline loads, and those that it computes from them. */
export function tablesOf({
  tables,
  transforms = [],
}: Pick<Pipeline, 'tables' | 'transforms'>): readonly PipelineTable[] {
  return [...tables, ...transforms];
}
