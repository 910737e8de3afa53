import { z } from 'zod';
import type { CatchmentError } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import { allColumns, shapeOf, type TableField, tableField } from './fields.ts';
import type { Bigquery } from './jobs.ts';

export const field: z.ZodType<TableField> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mode: z.string().optional(),
    description: z.string().optional(),
    fields: z.array(field).optional(),
  }),
);

const tableBody = z.looseObject({
  etag: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  schema: z
    .looseObject({
      fields: z.array(z.looseObject({ name: z.string(), mode: z.string().optional() })).default([]),
    })
    .default({ fields: [] }),
});

export type TableBody = z.output<typeof tableBody>;

/** Calls that change a table while somebody else does are made again. */
const attempts = 5;

/**
 * Creates a table, or adds the NULLABLE columns that its schema file gained and relaxes those that need not be REQUIRED
 * any more. The dataset is the stack's to make.
 *
 * @throws fatal `bad-schema` when a column exists with another type, or a gained column is REQUIRED; fatal `warehouse`
 *   when there is no dataset
 */
export async function prepareTable(bigquery: Bigquery, target: TableTarget): Promise<void> {
  const wanted = allColumns(target.columns).map(tableField);
  for (let attempt = 1; ; attempt += 1) {
    const found = await getTable(bigquery, target.name);
    if (found === undefined) {
      await createTable(bigquery, { name: target.name, fields: wanted, more: layoutOf(target) });
      return;
    }
    const missing = missingFields(target, wanted, found);
    const relaxed = relaxedFields(wanted, found);
    if (missing.length === 0 && relaxed === undefined) return;
    const fields = [...(relaxed ?? found.schema.fields), ...missing];
    if (await changeFields(bigquery, target.name, found.etag, fields)) return;
    if (attempt === attempts) throw keepsChanging(bigquery, target.name);
  }
}

export async function getTable({ rest, settings }: Bigquery, name: string): Promise<TableBody | undefined> {
  const what = `reading the columns of ${settings.dataset}.${name}`;
  const path = `datasets/${settings.dataset}/tables/${name}`;
  const { status, json } = await rest({ what, method: 'GET', path, expect: [404] });
  return status === 404 ? undefined : tableBody.parse(json);
}

/** Nothing happens when the table is there already. */
export async function createTable(
  { rest, settings }: Bigquery,
  table: {
    readonly name: string;
    readonly fields: readonly TableField[];
    readonly more?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { project: projectId, dataset: datasetId } = settings;
  const { status } = await rest({
    what: `creating ${datasetId}.${table.name}`,
    method: 'POST',
    path: `datasets/${datasetId}/tables`,
    json: {
      tableReference: { projectId, datasetId, tableId: table.name },
      // Without a schema the first load job makes the columns.
      ...(table.fields.length === 0 ? {} : { schema: { fields: table.fields } }),
      ...table.more,
    },
    expect: [404, 409],
  });
  if (status === 404)
    throw fatal('warehouse', {
      where: `${projectId}.${datasetId}`,
      what: 'there is no such dataset',
      todo: 'the stack makes the dataset and its tables; deploy it first',
    });
}

/** The same layout as the stack gives its tables. */
function layoutOf({ partitionBy, windowField, clusterBy = [] }: TableTarget): Record<string, unknown> {
  const by = partitionBy ?? windowField;
  return {
    labels: { app: 'catchment' },
    ...(by === undefined ? {} : { timePartitioning: { type: 'DAY', field: by } }),
    ...(clusterBy.length === 0 ? {} : { clustering: { fields: clusterBy } }),
  };
}

function missingFields(target: TableTarget, wanted: readonly TableField[], found: TableBody): TableField[] {
  const existing = new Map(found.schema.fields.map((each) => [each.name.toLowerCase(), field.parse(each)]));
  const where = `${target.dataset}.${target.name}`;
  return wanted.filter((column) => {
    const held = existing.get(column.name.toLowerCase());
    if (held === undefined && column.mode === 'REQUIRED')
      throw fatal('bad-schema', {
        where,
        what: `the table exists without the REQUIRED column "${column.name}"`,
        todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
      });
    if (held !== undefined && shapeOf(held) !== shapeOf(column))
      throw fatal('bad-schema', {
        where,
        what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
        got: shapeOf(held),
        allowed: shapeOf(column),
        todo: 'change the schema file back, or alter the column by hand',
      });
    return held === undefined;
  });
}

/** Columns that were REQUIRED and need not be any more; undefined when there are none. */
function relaxedFields(
  wanted: readonly TableField[],
  { schema }: TableBody,
): TableBody['schema']['fields'] | undefined {
  const modes = new Map(wanted.map(({ name, mode }) => [name.toLowerCase(), mode]));
  const isRelaxed = (each: { name: string; mode?: unknown }) =>
    each.mode === 'REQUIRED' && modes.get(each.name.toLowerCase()) !== 'REQUIRED';
  if (!schema.fields.some(isRelaxed)) return undefined;
  return schema.fields.map((each) => (isRelaxed(each) ? { ...each, mode: 'NULLABLE' } : each));
}

/** Adds the columns that a table lacks, and labels it. */
export async function addFields(
  bigquery: Bigquery,
  table: {
    readonly name: string;
    readonly fields: readonly TableField[];
    readonly labels: Readonly<Record<string, string>>;
  },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await getTable(bigquery, table.name);
    if (found === undefined) return createTable(bigquery, { ...table, more: { labels: table.labels } });
    const missing = table.fields.filter(
      ({ name }) => !found.schema.fields.some((each) => each.name === name),
    );
    const fields = [...found.schema.fields, ...missing];
    if (await changeFields(bigquery, table.name, found.etag, fields, table.labels)) return;
    if (attempt === attempts) throw keepsChanging(bigquery, table.name);
  }
}

function keepsChanging({ settings }: Bigquery, name: string): CatchmentError {
  return fatal('warehouse', {
    where: `${settings.dataset}.${name}`,
    what: 'somebody else keeps changing the columns of the table',
    todo: 'run it again when they are done',
  });
}

/** @returns false when somebody else changed the table since it was read */
async function changeFields(
  { rest, settings }: Bigquery,
  name: string,
  etag: string,
  fields: readonly unknown[],
  labels?: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { status } = await rest({
    what: `changing the columns of ${settings.dataset}.${name}`,
    method: 'PATCH',
    path: `datasets/${settings.dataset}/tables/${name}`,
    headers: { 'if-match': etag },
    json: { schema: { fields }, ...(labels === undefined ? {} : { labels }) },
    expect: [412],
  });
  return status !== 412;
}
