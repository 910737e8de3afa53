import { fatal } from '../../core/errors.ts';
import type { ResultField } from '../../core/warehouses/bigquery/cells.ts';
import type { SourceColumn } from '../columns.ts';
import { parseTableName } from '../names.ts';
import type { DatabaseOptions, DatabaseSettings } from '../source.ts';
import type { Api } from './api.ts';
import { mapField } from './types.ts';

export interface BigqueryColumn extends SourceColumn {
  /** The table holds no NULL in it. Of queries BigQuery does not say so. */
  readonly isRequired?: boolean | undefined;
}

export interface Relation {
  /** What stands behind FROM. */
  readonly sql: string;
  /** Empty when BigQuery tells no columns of a query before it runs. */
  readonly columns: readonly BigqueryColumn[];
  readonly fields: readonly (ResultField & { readonly description?: string | undefined })[];
  readonly rows: number | undefined;
  /** Columns by whose values the table is partitioned, or clustered first: a range of one reads a part of the table. */
  readonly layout: readonly string[];
  /** Column without a condition on which BigQuery refuses to read the table. */
  readonly filteredBy?: string | undefined;
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** Tables are looked up and queries dry-run: neither costs anything. */
export async function findRelation(
  api: Api,
  { from, query }: DatabaseOptions,
  { project = '' }: DatabaseSettings,
  table: string,
): Promise<Relation> {
  if (from === undefined) {
    const sql = `(${(query ?? '').replace(/[;\s]+$/, '')}\n) AS q`;
    const { fields } = await api.dryRun(`SELECT * FROM ${sql}`);
    return { sql, fields, columns: fields.map(columnOf), rows: undefined, layout: [] };
  }
  const parts = parseTableName(from, '`', 3, table);
  const [name = '', dataset, owner = project] = parts.toReversed();
  if (dataset === undefined)
    throw fatal('bad-input', {
      where: table,
      what: '`from` names no dataset',
      got: from,
      allowed: 'dataset.table, or project.dataset.table',
    });
  const found = await api.table([owner, dataset, name]);
  const { fields } = found.schema;
  return {
    sql: quoteName([owner, dataset, name].join('.')),
    fields,
    columns: fields.map(columnOf),
    // Of a view BigQuery says 0.
    rows: found.type === 'TABLE' && found.numRows !== undefined ? Number(found.numRows) : undefined,
    filteredBy:
      found.requirePartitionFilter === true
        ? (found.timePartitioning?.field ?? found.rangePartitioning?.field)
        : undefined,
    layout: [
      found.timePartitioning?.field,
      found.rangePartitioning?.field,
      found.clustering?.fields?.[0],
    ].filter((column) => column !== undefined),
  };
}

function columnOf({ name, type, mode }: ResultField): BigqueryColumn {
  const fullType = mode === 'REPEATED' ? `${type} REPEATED` : type;
  return { name, type: fullType, fullType, isRequired: mode === 'REQUIRED', mapped: mapField(type, mode) };
}
