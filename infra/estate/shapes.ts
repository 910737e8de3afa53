import { z } from 'zod';
import { writeModes } from '../../functions/core/cursor.ts';

/** Shapes of the stack file. They check it, type it, and become its JSON schema. */

export const namePattern = /^[a-z](?:-?[a-z0-9])*$/;
const nameRule = 'lower-case letters, digits and single dashes, starting with a letter';

/** Of pipelines, groups and warehouses. Two dashes in a row separate names in the cloud, so no name holds them. */
export const name = z.string().regex(namePattern, nameRule);

/** Of datasets and tables. BigQuery takes more, the embedded warehouse and every SQL client take these. */
export const sqlName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and underscores, not starting with a digit')
  .max(1024, 'at most 1024 characters');

/** https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,255}$/, 'letters, digits, dashes and underscores, at most 255');

const label = z.string().regex(/^[a-z0-9_-]{0,63}$/, 'lower-case letters, digits, _ and -, at most 63');

export const duckdbWarehouse = z.strictObject({
  kind: z.literal('duckdb'),
  path: z.string().min(1, 'a file path').meta({ description: 'File path, relative to the project' }),
  memoryLimit: z
    .string()
    .regex(/^\d+(?:\.\d+)?\s?(?:[KMGT]i?B)$/, 'a size such as 512MB or 2GB')
    .optional()
    .meta({ description: "DuckDB's memory limit, by default 512MB" }),
});

export const bigqueryWarehouse = z.strictObject({
  kind: z.literal('bigquery'),
  location: z
    .string()
    .min(1, 'a location such as EU or europe-west1')
    .meta({ examples: ['EU', 'europe-west1'] }),
  project: z.string().min(1).optional().meta({ description: 'By default gcp:project' }),
});

const login = { description: 'Name of the secret { user, password }; none for a server on this machine' };

export const clickhouseWarehouse = z.strictObject({
  kind: z.literal('clickhouse'),
  url: z.string().meta({
    description: "A pipeline's dataset is a database there",
    examples: ['https://ch.internal:8443'],
  }),
  database: sqlName.optional().meta({ description: 'Database of the ledger, by default catchment' }),
  secret: secretName.optional().meta(login),
});

export const postgresWarehouse = z.strictObject({
  kind: z.literal('postgres'),
  host: z.string().regex(/^[A-Za-z0-9._:-]+$/, 'a host name or an address, without a port'),
  port: z
    .int()
    .min(1, 'a port from 1 to 65535')
    .max(65_535, 'a port from 1 to 65535')
    .optional()
    .meta({ description: 'By default 5432' }),
  database: z.string().min(1, 'the name of a database'),
  sslMode: z
    .enum(['disable', 'require', 'verify-full'])
    .optional()
    .meta({ description: "libpq's sslmode, by default verify-full, and disable on this machine" }),
  secret: secretName.optional().meta(login),
});

export const sqliteWarehouse = z.strictObject({
  kind: z.literal('sqlite'),
  path: z.string().min(1, 'a file path').meta({ description: 'File path, relative to the project' }),
});

export const warehouseKinds = {
  duckdb: duckdbWarehouse,
  sqlite: sqliteWarehouse,
  postgres: postgresWarehouse,
  clickhouse: clickhouseWarehouse,
  bigquery: bigqueryWarehouse,
} as const;

/** https://cloud.google.com/compute/docs/naming-resources; a project before it names a shared network. */
const networkName = z
  .string()
  .regex(
    /^(?:projects\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/[a-z0-9/-]+\/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'the name of a network or subnetwork, or its path from projects/ on',
  );

export const network = z.strictObject({ network: networkName, subnetwork: networkName });

export const schedule = z.strictObject({
  cron: z
    .string()
    .optional()
    .meta({
      description: "Five fields: minute, hour, day, month, weekday. By default the source's",
      examples: ['0 6 * * *'],
    }),
  timeZone: z
    .string()
    .optional()
    .meta({ description: 'IANA name', examples: ['Etc/UTC'] }),
  paused: z.boolean().optional().meta({ description: 'Deployed, but not started by the clock' }),
});

/** What a table of the stack file holds beside the options of its source. */
export const openTable = z.strictObject({
  schema: z
    .string()
    .regex(/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/, 'source/table, a file below schemas/ without .json')
    .optional(),
  key: z.array(z.string()).optional(),
  writeMode: z.enum(writeModes).optional(),
  partitionBy: z.string().optional(),
  clusterBy: z.array(z.string()).max(4, 'at most 4 columns (BigQuery limit)').optional(),
});

/** A table that the warehouse computes by SQL after others were loaded. */
export const transform = z.strictObject({
  sql: z
    .string()
    .min(1)
    .meta({
      description:
        'File of the project with one SELECT in the warehouse’s dialect; {{dataset}} and {{since}} are filled in',
      examples: ['transforms/orders_daily.sql'],
    }),
  after: z.array(z.string()).min(1, 'at least one table').meta({ description: 'Tables that it reads' }),
  schema: openTable.shape.schema,
  key: openTable.shape.key,
  writeMode: z
    .enum(['merge', 'replace'])
    .optional()
    .meta({ description: 'By default merge with a key, else replace' }),
  watermark: z.string().optional().meta({ description: 'Column whose newest value is {{since}}' }),
  lookback: z
    .number()
    .min(0)
    .optional()
    .meta({ description: 'How far behind the newest value {{since}} is' }),
  partitionBy: openTable.shape.partitionBy,
  clusterBy: openTable.shape.clusterBy,
});

export const pipeline = z.strictObject({
  source: z
    .string()
    .optional()
    .meta({ description: "A folder in functions/; by default the pipeline's name" }),
  warehouse: z
    .string()
    .optional()
    .meta({ description: 'By default the only warehouse, or the one named main' }),
  dataset: sqlName.optional().meta({ description: "By default the pipeline's name with underscores" }),
  schedule: schedule.optional(),
  groups: z.record(z.string(), z.unknown()),
  tables: z.record(z.string(), z.unknown()).optional(),
  transforms: z
    .record(z.string(), transform)
    .optional()
    .meta({ description: 'Tables computed in the warehouse after the others' }),
  runsOn: z.enum(['function', 'job']).optional().meta({ description: "By default the source's" }),
  network: network.optional().meta({ description: "Direct VPC egress; by default the estate's" }),
  tasks: z
    .int()
    .min(1, 'a whole number from 1 to 100')
    .max(100, 'a whole number from 1 to 100')
    .optional()
    .meta({ description: 'Jobs only: tasks that share the slices of a run, by default 1' }),
  parallelism: z
    .int()
    .min(1, 'a whole number of tasks')
    .optional()
    .meta({ description: 'Tasks that work at once, by default all' }),
  engine: z
    .enum(['dataflow'])
    .optional()
    .meta({ description: 'Large tables of databases into BigQuery; by default the handler moves the rows' }),
  since: z
    .string()
    // Pulumi's own YAML reader turns an unquoted day into a timestamp.
    .regex(/^\d{4}-\d{2}-\d{2}(?:T00:00:00Z)?$/, 'a day such as 2026-01-31')
    .optional()
    .meta({ description: 'First day of the first run, by default seven days ago' }),
});

/** What a group holds beside its source's settings. */
export const group = z.strictObject({
  secret: secretName.optional(),
  timeZone: z.string().optional(),
  sandbox: z.boolean().optional(),
});

/** What such a table holds besides, where its source can read what is new by a column that grows. */
export const watermarkEntry = z.strictObject({
  watermark: z.string().min(1, 'a column of the schema file').optional().meta({
    description: 'Column that grows with each change: a run reads what is new. Without it: everything',
  }),
  lookback: z.number().min(0, '0 or more').optional().meta({
    description:
      'How far behind the newest value a run begins again: seconds, or units of an INTEGER column. By default 3600, with writeMode append 0',
  }),
});

export const estate = z.strictObject({
  warehouses: z.record(z.string(), z.unknown()),
  pipelines: z.record(z.string(), z.unknown()),
  labels: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -'), label)
    .optional()
    .meta({ description: 'On every resource that takes labels, e.g. owner and cost-center' }),
  alerts: z
    .strictObject({ emails: z.array(z.email('an e-mail address')) })
    .optional()
    .meta({ description: 'Who hears of failed runs' }),
  network: network
    .optional()
    .meta({ description: 'Direct VPC egress of every handler, for databases with private addresses' }),
  protect: z
    .boolean()
    .optional()
    .meta({ description: 'Datasets, tables and secrets refuse to be deleted. By default true' }),
});
