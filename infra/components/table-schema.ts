import type { PipelineTable } from '../../functions/core/pipeline.ts';
import { type Column, systemColumns } from '../../functions/core/schema.ts';

/** BigQuery's schema of a table, as JSON text: the schema file without the kit's own keys, then the system columns. */
export function tableSchema(columns: readonly Column[]): string {
  return JSON.stringify([...columns, ...systemColumns].map(bigqueryColumn));
}

/** How BigQuery cuts a table, by day. */
export function partitioningOf({ partitionBy, windowField }: PipelineTable) {
  const field = partitionBy ?? windowField;
  return field === undefined ? {} : { timePartitioning: { type: 'DAY', field } };
}

export function clusteringOf({ clusterBy = [] }: PipelineTable) {
  return clusterBy.length === 0 ? {} : { clusterings: [...clusterBy] };
}

interface BigQueryColumn {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
  readonly description?: string;
  readonly fields?: readonly BigQueryColumn[];
}

function bigqueryColumn({ name, type, mode, description, fields }: Column): BigQueryColumn {
  return {
    name,
    type,
    mode,
    ...(description === undefined ? {} : { description }),
    ...(fields === undefined ? {} : { fields: fields.map(bigqueryColumn) }),
  };
}
