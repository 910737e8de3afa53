import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCatchmentError } from '../../functions/core/errors.ts';
import { type Pipeline, type PipelineTable, tablesOf } from '../../functions/core/pipeline.ts';
import { type Column, type ColumnType, parseSchema } from '../../functions/core/schema.ts';
import { didYouMean, type Path, type Report } from './mistake.ts';

/** Types that BigQuery partitions by. */
const partitionTypes: readonly ColumnType[] = ['DATE', 'DATETIME', 'TIMESTAMP'];

/** https://cloud.google.com/bigquery/docs/clustered-tables#limitations */
const clusterTypes: readonly ColumnType[] = [
  ...(['BIGNUMERIC', 'BOOLEAN', 'DATE', 'DATETIME', 'INTEGER', 'NUMERIC', 'STRING', 'TIMESTAMP'] as const),
];

/** Types whose values grow in one order everywhere. */
const watermarkTypes: readonly ColumnType[] = ['INTEGER', 'DATE', 'DATETIME', 'TIMESTAMP'];

/** Types that have no equality, or none that every warehouse agrees on. */
const keyless: readonly ColumnType[] = ['JSON', 'RECORD', 'FLOAT'];

/**
 * The columns of every table of a pipeline, by schema name such as `files/flights`.
 *
 * @throws fatal `bad-schema` when a file is not a BigQuery schema
 */
export function loadSchemas(root: string, pipeline: Pipeline): Record<string, readonly Column[]> {
  const names = [...new Set(tablesOf(pipeline).map(({ schema }) => schema))];
  return Object.fromEntries(names.map((name) => [name, loadSchema(root, name)]));
}

/** @throws fatal `bad-schema` when the file is not a BigQuery schema */
export function loadSchema(root: string, name: string): readonly Column[] {
  return parseSchema(readFileSync(join(root, schemaFile(name)), 'utf8'), schemaFile(name));
}

/** Reports a schema file that is missing or wrong, or that lacks a column which the table is about. */
export function checkSchemaFile(root: string, table: PipelineTable, path: Path, report: Report): void {
  const file = schemaFile(table.schema);
  if (!existsSync(join(root, file))) {
    const others = listSchemas(root, table.schema);
    report({
      path,
      what: `has no schema file ${file}`,
      todo: didYouMean(table.schema, others) ?? 'write it in the JSON format of `bq show --schema`',
      isUnwritten: true,
    });
    return;
  }
  let columns: readonly Column[];
  try {
    columns = loadSchema(root, table.schema);
  } catch (error) {
    if (!isCatchmentError(error)) throw error;
    report({
      path,
      what: `has a wrong schema file ${file}, which ${error.facts.what}`,
      todo: error.facts.todo,
    });
    return;
  }
  for (const { role, name, types } of rolesOf(table)) {
    const column = columns.find((each) => each.name === name);
    if (column === undefined)
      report({
        path,
        what: `has the ${role} "${name}", which ${file} lacks`,
        allowed: columns.map((each) => each.name),
        todo: didYouMean(
          name,
          columns.map((each) => each.name),
        ),
      });
    else if (column.mode === 'REPEATED' || !types.includes(column.type))
      report({
        path,
        what: `has the ${role} "${name}", which is ${column.mode === 'REPEATED' ? 'REPEATED ' : ''}${column.type} in ${file}`,
        allowed: types,
      });
  }
}

interface Role {
  readonly role: string;
  readonly name: string;
  readonly types: readonly ColumnType[];
}

function rolesOf({ key, windowField, partitionBy, clusterBy, cursor }: PipelineTable): Role[] {
  const all: readonly ColumnType[] = [...partitionTypes, ...clusterTypes, 'BYTES', 'TIME'];
  const keyTypes = [...new Set(all)].filter((type) => !keyless.includes(type));
  const roles: Role[] = key.map((name) => ({ role: 'key column', name, types: keyTypes }));
  if (windowField !== undefined) roles.push({ role: 'windowField', name: windowField, types: ['DATE'] });
  if (cursor.kind === 'watermark')
    roles.push({ role: 'watermark', name: cursor.field, types: watermarkTypes });
  if (partitionBy !== undefined && partitionBy !== windowField)
    roles.push({ role: 'partitionBy column', name: partitionBy, types: partitionTypes });
  for (const name of clusterBy ?? []) roles.push({ role: 'clusterBy column', name, types: clusterTypes });
  return roles;
}

function listSchemas(root: string, name: string): string[] {
  const [folder = ''] = name.split('/');
  const path = join(root, 'schemas', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith('.json'))
    .map((file) => `${folder}/${file.slice(0, -'.json'.length)}`);
}

function schemaFile(name: string): string {
  return `schemas/${name}.json`;
}
