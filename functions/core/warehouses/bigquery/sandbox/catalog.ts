import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { ident } from '../../../files/quote.ts';
import { duckdbType } from '../../../files/types.ts';
import { type Column, checkSchema } from '../../../schema.ts';
import { refuse } from './refuse.ts';
import { readResult } from './results.ts';

export interface EmulatedTable {
  readonly dataset: string;
  readonly name: string;
  columns: readonly Column[];
  etag: number;
  body: Readonly<Record<string, unknown>>;
}

const newTable = z.strictObject({
  tableReference: z.strictObject({ projectId: z.string(), datasetId: z.string(), tableId: z.string() }),
  schema: z.strictObject({ fields: z.array(z.unknown()).min(1) }).optional(),
  labels: z.record(z.string(), z.string().regex(/^[a-z0-9_-]{0,63}$/)).optional(),
  expirationTime: z
    .string()
    .regex(/^\d{13}$/)
    .optional(),
  timePartitioning: z.strictObject({ type: z.literal('DAY'), field: z.string() }).optional(),
  requirePartitionFilter: z.boolean().optional(),
  clustering: z.strictObject({ fields: z.array(z.string()).min(1).max(4) }).optional(),
});

const tablePatch = z.strictObject({
  schema: z.strictObject({ fields: z.array(z.unknown()) }),
  labels: newTable.shape.labels,
});

/** Datasets and tables, with their rows in DuckDB. */
export function createCatalog(connection: DuckDBConnection, project: string) {
  const datasets = new Map<string, Map<string, EmulatedTable>>();

  const datasetOf = (name: string) =>
    datasets.get(name) ?? refuse('notFound', `Not found: Dataset ${project}:${name}`, 404);

  const catalog = {
    async addDataset(name: string) {
      await connection.run(`CREATE SCHEMA ${ident(name)}`);
      datasets.set(name, new Map());
    },
    names: (dataset: string) => [...datasetOf(dataset).keys()].sort(),
    has: (dataset: string, name: string) => datasetOf(dataset).has(name),
    find: (dataset: string, name: string): EmulatedTable =>
      datasetOf(dataset).get(name) ??
      refuse('notFound', `Not found: Table ${project}:${dataset}.${name}`, 404),
    async create(dataset: string, json: unknown): Promise<EmulatedTable> {
      const tables = datasetOf(dataset);
      const { tableReference, schema, ...body } = newTable.parse(json);
      const name = tableReference.tableId;
      if (tableReference.projectId !== project || tableReference.datasetId !== dataset)
        refuse('invalid', 'the table reference names another dataset');
      if (!/^[\p{L}\p{N}_-]{1,1024}$/u.test(name)) refuse('invalid', `Invalid table ID "${name}"`);
      if (tables.has(name)) refuse('duplicate', `Already Exists: Table ${project}:${dataset}.${name}`, 409);
      const columns = schema === undefined ? [] : columnsOf(schema.fields);
      for (const field of [body.timePartitioning?.field, ...(body.clustering?.fields ?? [])])
        if (field !== undefined && !columns.some((column) => column.name === field))
          refuse('invalid', `The field ${field} is not in the schema`);
      if (columns.length > 0) await createTable(connection, dataset, name, columns);
      const table = { dataset, name, columns, etag: 1, body };
      tables.set(name, table);
      return table;
    },
    /** Columns may be added, at the end and not REQUIRED, and REQUIRED ones may be relaxed. */
    async patch(table: EmulatedTable, etag: string | undefined, json: unknown): Promise<EmulatedTable> {
      if (etag !== undefined && etag !== `"${table.etag}"`)
        refuse('conditionNotMet', 'Precondition check failed.', 412);
      const { schema, labels } = tablePatch.parse(json);
      const columns = columnsOf(schema.fields);
      for (const [index, column] of table.columns.entries()) {
        const next = columns[index];
        if (isDeepStrictEqual(next, column)) continue;
        const isRelaxed = isDeepStrictEqual(next, { ...column, mode: 'NULLABLE' });
        if (column.mode !== 'REQUIRED' || !isRelaxed)
          refuse('invalid', `Provided Schema does not match Table: field ${column.name} has changed`);
        const at = `${ident(table.dataset)}.${ident(table.name)}`;
        await connection.run(`ALTER TABLE ${at} ALTER COLUMN ${ident(column.name)} DROP NOT NULL`);
      }
      for (const column of columns.slice(table.columns.length)) {
        if (column.mode === 'REQUIRED') refuse('invalid', `Cannot add required fields: ${column.name}`);
        const at = `${ident(table.dataset)}.${ident(table.name)}`;
        await connection.run(`ALTER TABLE ${at} ADD COLUMN ${ident(column.name)} ${duckdbType(column)}`);
      }
      table.columns = columns;
      if (labels !== undefined) table.body = { ...table.body, labels };
      table.etag += 1;
      return table;
    },
    async remove(dataset: string, name: string) {
      catalog.find(dataset, name);
      await connection.run(`DROP TABLE IF EXISTS ${ident(dataset)}.${ident(name)}`);
      datasetOf(dataset).delete(name);
    },
    /** Gives a table that has no columns yet those of a relation. */
    async fillColumns(on: DuckDBConnection, dataset: string, name: string, from: string) {
      const table = catalog.find(dataset, name);
      if (table.columns.length > 0) return;
      const { fields } = await readResult(on, `SELECT * FROM ${from} LIMIT 0`);
      table.columns = columnsOf(fields);
      await createTable(on, dataset, name, table.columns);
    },
    /** Refuses a statement that reads all of a table which is to be read by partitions only. */
    checkFilters(statement: string) {
      const read = statement.replace(/^INSERT INTO `[^`]+`/, '');
      for (const { dataset, name, body } of [...datasets.values()].flatMap((tables) => [
        ...tables.values(),
      ])) {
        const { field = '' } = (body.timePartitioning ?? {}) as { readonly field?: string };
        if (body.requirePartitionFilter !== true || !read.includes(`.${dataset}.${name}\``)) continue;
        if (!new RegExp(`\\b${field}\`? (?:[<>=]|IS NULL|BETWEEN)`).test(read))
          refuse(
            'invalidQuery',
            `Cannot query over table '${dataset}.${name}' without a filter over column(s) '${field}' that can be used for partition elimination`,
          );
      }
    },
    /** A table that a statement made. */
    async adopt(dataset: string, name: string) {
      const tables = datasetOf(dataset);
      if (tables.has(name)) return;
      const sql = `SELECT * FROM ${ident(dataset)}.${ident(name)} LIMIT 0`;
      const { fields } = await readResult(connection, sql);
      // Types that no schema file names are among them.
      const columns = fields as readonly Column[];
      tables.set(name, { dataset, name, columns, etag: 1, body: {} });
    },
    json: (table: EmulatedTable) => ({
      kind: 'bigquery#table',
      etag: `"${table.etag}"`,
      tableReference: {
        projectId: table.dataset.split('.').at(-2) ?? project,
        datasetId: table.dataset.split('.').at(-1),
        tableId: table.name,
      },
      schema: { fields: table.columns },
      ...table.body,
    }),
  };
  return catalog;
}

export type Catalog = ReturnType<typeof createCatalog>;

async function createTable(
  connection: DuckDBConnection,
  dataset: string,
  name: string,
  columns: readonly Column[],
): Promise<void> {
  const defined = columns.map(
    (column) => `${ident(column.name)} ${duckdbType(column)}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
  );
  await connection.run(`CREATE TABLE ${ident(dataset)}.${ident(name)} (${defined.join(', ')})`);
}

const forbidden =
  /^(_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER|_CHANGE_SEQUENCE_NUMBER|_CHANGE_TYPE|_CHANGE_TIMESTAMP)/i;

/** The kit's own columns are added by `checkSchema`'s caller elsewhere, so they are set aside here. */
function columnsOf(fields: readonly unknown[]): readonly Column[] {
  const own = ['_origin', '_extra'];
  const isOwn = (field: unknown) => own.includes((field as { name: string }).name);
  const columns = legal(fields.filter((field) => !isOwn(field)));
  for (const { name } of columns) if (forbidden.test(name)) refuse('invalid', `Invalid field name "${name}"`);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return fields.map((field) => {
    const known = byName.get((field as { name: string }).name);
    return known ?? (field as Column);
  });
}

function legal(fields: readonly unknown[]): readonly Column[] {
  try {
    return checkSchema(fields, 'the table');
  } catch (error) {
    return refuse('invalid', `Invalid schema: ${(error as Error).message}`);
  }
}
