import type { Column } from '../../functions/core/schema.ts';
import { columnChanges } from './column-change.ts';
import { pairColumns } from './pair-columns.ts';

export type ChangeClass =
  | 'new-table'
  | 'drop-table'
  | 'rename-table'
  | 'add'
  | 'relax'
  | 'widen'
  | 'rename'
  | 'drop'
  | 'reorder'
  | 'partition'
  | 'cluster'
  | 'key'
  | 'tighten'
  | 'retype'
  | 'describe';

/**
 * Who carries a change out:
 * - `deploy`: the deployment, in place
 * - `nobody`: nothing has to be done
 * - `run`: the next run, in warehouses whose tables are no resources
 * - `sql`: a person, with statements that change the table in place
 * - `copy`: a person, by copying into a new table
 */
export type CarriedOutBy = 'deploy' | 'run' | 'nobody' | 'sql' | 'copy';

export interface SchemaChange {
  readonly class: ChangeClass;
  /** Column, with the path inside records (`stats.spend`); undefined for the table itself. */
  readonly column?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly by: CarriedOutBy;
  /** What it means for data that exists. */
  readonly meaning: string;
}

/** A table as its schema file and its declaration say. */
export interface TableShape {
  readonly columns: readonly Column[];
  readonly partitionBy?: string | undefined;
  readonly clusterBy?: readonly string[] | undefined;
  readonly key?: readonly string[] | undefined;
}

/**
 * The changes from one shape of a table to another, in the order of the new columns, dropped ones last.
 *
 * A dropped and an added column count as one renamed column when type and mode are equal and equally many of the
 * columns that stay come before them. Whoever means a drop and an add makes them in two steps.
 */
export function schemaChanges(before: TableShape, after: TableShape): SchemaChange[] {
  const fixed = new Set(lower([before.partitionBy ?? '', ...(before.clusterBy ?? [])]));
  return [
    ...columnChanges(before.columns, after.columns, [], fixed),
    ...layoutChanges(before, after),
    ...keyChanges(before, after),
  ];
}

function layoutChanges(before: TableShape, after: TableShape): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const from = before.partitionBy;
  const to = renamedTo(before, after, from);
  if ((to ?? '').toLowerCase() !== (after.partitionBy ?? '').toLowerCase())
    changes.push({
      class: 'partition',
      from: from ?? 'none',
      to: after.partitionBy ?? 'none',
      by: 'copy',
      meaning: 'BigQuery cannot partition a table that exists another way; all rows are copied',
    });
  const oldCluster = (before.clusterBy ?? []).map((name) => renamedTo(before, after, name) ?? name);
  if (lower(oldCluster).join() !== lower(after.clusterBy ?? []).join())
    changes.push({
      class: 'cluster',
      from: (before.clusterBy ?? []).join(', ') || 'none',
      to: (after.clusterBy ?? []).join(', ') || 'none',
      by: 'deploy',
      meaning: 'new rows are clustered the new way, rows that exist when they are written again',
    });
  return changes;
}

function keyChanges(before: TableShape, after: TableShape): SchemaChange[] {
  if (before.key === undefined || after.key === undefined) return [];
  const old = before.key.map((name) => renamedTo(before, after, name) ?? name);
  if (lower(old).sort().join() === lower(after.key).sort().join()) return [];
  return [
    {
      class: 'key',
      from: before.key.join(', ') || 'none',
      to: after.key.join(', ') || 'none',
      by: 'sql',
      meaning:
        'rows that exist may share the new key; the next merge meets all of them, so look for doubles first',
    },
  ];
}

function renamedTo(before: TableShape, after: TableShape, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const pair = pairColumns(before.columns, after.columns).find(
    ({ old }) => old?.name.toLowerCase() === name.toLowerCase(),
  );
  return pair?.new?.name ?? name;
}

function lower(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}
