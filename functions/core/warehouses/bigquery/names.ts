import { createHash } from 'node:crypto';
import { fatal } from '../../errors.ts';
import type { BigquerySettings } from './settings.ts';

/** A column or table name as SQL. Schema files and stack files allow no character that would need an escape. */
export function ident(name: string): string {
  if (/[`\\\n]/.test(name)) throw fatal('bad-input', { what: 'this is no name for BigQuery', got: name });
  return `\`${name}\``;
}

/** A table with its project and dataset, as SQL. */
export function tableRef(
  { project, dataset }: Pick<BigquerySettings, 'project' | 'dataset'>,
  table: string,
): string {
  return ident(`${project}.${dataset}.${table}`);
}

/** Tables of the ledger stand in the pipeline's own dataset: its account may write nowhere else. */
export const ledgerPrefix = 'catchment_';

/**
 * Table of the leases of one group, a row per lane. Each group has one of its own, because BigQuery cancels one of two
 * transactions that change the same table: runs of other groups must not meet here, runs of this group must.
 */
export function leaseTable({
  pipeline,
  group,
}: {
  readonly pipeline: string;
  readonly group: string;
}): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([pipeline, group]))
    .digest('hex')
    .slice(0, 16);
  return `${ledgerPrefix}lease_${hash}`;
}
