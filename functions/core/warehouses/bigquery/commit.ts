import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { Commit, Outcome } from '../warehouse.ts';
import { fenceStatements, leaseParams, runFenced } from './fence.ts';
import type { Bigquery } from './jobs.ts';
import { jobId } from './jobs.ts';
import { script } from './ledger-sql.ts';
import { ledgerRef } from './ledger-tables.ts';
import { leaseTable, tableRef } from './names.ts';
import type { Param, Params } from './params.ts';
import { insertCursor, insertSlice } from './records.ts';
import type { BigqueryStage } from './stage.ts';
import { openStage } from './stage.ts';
import { counts, variables, writeStatements } from './write-modes.ts';

/** Does all of a commit in one multi-statement transaction, which is one job: data, slice, quarantine and cursor. */
export async function commitSlice(bigquery: Bigquery, commit: Commit): Promise<readonly Outcome[]> {
  const { lease, slice, tables } = commit;
  for (const { stage } of tables) await (stage as BigqueryStage).settle();
  const quarantine = await stageQuarantine(bigquery, commit);
  try {
    const { rows } = await runFenced(bigquery, lease, {
      what: `committing slice ${slice.sliceId}`,
      id: commitId(commit),
      ...commitScript(bigquery, commit, quarantine),
    });
    return tables.map(({ stage }, index) => outcomeOf(stage.target.declared, rows[0] ?? [], index));
  } finally {
    await quarantine?.discard();
  }
}

/** The same slice of the same run, staged anew, is another commit. */
function commitId({ lease, slice, tables }: Commit): string {
  const stages = tables.map(({ stage }) => (stage as BigqueryStage).table);
  return jobId('commit', leaseTable(lease), lease.lane, lease.fence, slice.sliceId, slice.runId, ...stages);
}

function commitScript(bigquery: Bigquery, commit: Commit, quarantine: BigqueryStage | undefined) {
  const { lease, slice, cursor, origin, tables } = commit;
  const inserted = insertSlice(bigquery, slice, loadedSql(tables.length));
  const moved = cursor === undefined ? undefined : insertCursor(bigquery, cursor, lease);
  const drift = driftStatement(bigquery, commit);
  const params: Params = {
    ...inserted.params,
    ...moved?.params,
    ...drift?.params,
    ...leaseParams(lease),
    origin,
  };
  const sql = script([
    'DECLARE v_done BOOL DEFAULT FALSE',
    ...tables.flatMap((_, number) => variables.map((name) => `DECLARE v_${name}_${number} INT64 DEFAULT 0`)),
    'BEGIN TRANSACTION',
    ...fenceStatements(bigquery, lease),
    `SET v_done = EXISTS (SELECT 1 FROM ${ledgerRef(bigquery, 'slices')} WHERE pipeline = @slice_pipeline ` +
      "AND `group` = @slice_group AND slice_id = @slice_slice_id AND status = 'committed')",
    ...tables.flatMap((table, number) => writeStatements(bigquery.settings, table, commit, number)),
    inserted.sql,
    ...quarantineStatements(bigquery, quarantine),
    ...(drift === undefined ? [] : [drift.sql]),
    ...(moved === undefined ? [] : [moved.sql]),
    'COMMIT TRANSACTION',
    `SELECT ${tables.flatMap((_, number) => counts.map((name) => `v_${name}_${number} AS ${name}_${number}`)).join(', ')}`,
  ]);
  return { sql, params };
}

function loadedSql(tables: number): string {
  const parts = Array.from({ length: tables }, (_, number) => `v_inserted_${number} + v_updated_${number}`);
  return parts.length === 0 ? '0' : parts.join(' + ');
}

function outcomeOf(table: string, row: readonly unknown[], number: number): Outcome {
  const [inserted = 0, updated = 0, unchanged = 0, duplicates = 0, deleted = 0] = row
    .slice(number * counts.length, (number + 1) * counts.length)
    .map(Number);
  return { table, inserted, updated, unchanged, duplicates, deleted };
}

const text = (name: string): Column => ({ name, type: 'STRING', mode: 'NULLABLE' });

const quarantineColumns: readonly Column[] = [
  ...['pipeline', 'group', 'slice_id', 'run_id', 'table'].map(text),
  { name: 'row_index', type: 'INTEGER', mode: 'NULLABLE' },
  ...['path', 'reason', 'masked'].map(text),
  { name: 'recorded_at', type: 'TIMESTAMP', mode: 'NULLABLE' },
];

/** Quarantined rows may be many, more than a query's parameters can hold, so they come by a load job as well. */
async function stageQuarantine(
  bigquery: Bigquery,
  { quarantined, slice, now }: Commit,
): Promise<BigqueryStage | undefined> {
  if (quarantined.length === 0) return undefined;
  const { pipeline, group, sliceId, runId } = slice;
  const at = BigInt(now.getTime()) * 1000n;
  const rows = quarantined.map(({ table, row }) => {
    const index = row.row === undefined ? null : BigInt(row.row);
    return [pipeline, group, sliceId, runId, table, index, row.path, row.reason, row.masked, at, null, null];
  });
  const batch: ColumnBatch = {
    rows: rows.length,
    values: (rows[0] ?? []).map((_, column) => rows.map((row) => row[column])),
  };
  const target: TableTarget = {
    declared: 'quarantine',
    name: 'catchment_quarantine',
    dataset: bigquery.settings.dataset,
    schema: 'catchment/quarantine',
    columns: quarantineColumns,
    key: [],
    writeMode: 'append',
    cursor: { kind: 'snapshot' },
  };
  const stage = openStage(bigquery, target, '-');
  await stage.append(batch);
  await stage.settle();
  return stage;
}

/** What a slice put into quarantine before is replaced, so that reading it again does not double it. */
function quarantineStatements(bigquery: Bigquery, stage: BigqueryStage | undefined): string[] {
  const table = ledgerRef(bigquery, 'quarantine');
  const mine = 'pipeline = @slice_pipeline AND `group` = @slice_group AND slice_id = @slice_slice_id';
  const names = quarantineColumns.map(({ name }) => `\`${name}\``).join(', ');
  return [
    // A delete that finds nothing would still clash with the commits of other pipelines.
    `IF EXISTS (SELECT 1 FROM ${table} WHERE ${mine}) THEN DELETE FROM ${table} WHERE ${mine}`,
    'END IF',
    ...(stage === undefined
      ? []
      : [`INSERT INTO ${table} (${names}) SELECT ${names} FROM ${tableRef(bigquery.settings, stage.table)}`]),
  ];
}

function driftStatement(bigquery: Bigquery, { drift, now }: Commit) {
  if (drift.length === 0) return undefined;
  const params: Record<string, Param> = { now };
  const rows = drift.map(({ table, field }, number) => {
    params[`drift_table_${number}`] = table;
    params[`drift_field_${number}`] = field.field;
    params[`drift_suggested_${number}`] = JSON.stringify(field.suggested);
    params[`drift_rows_${number}`] = field.rows;
    return (
      `SELECT @slice_pipeline AS pipeline, @drift_table_${number} AS \`table\`, @drift_field_${number} AS field, ` +
      `@drift_suggested_${number} AS suggested, @drift_rows_${number} AS row_count`
    );
  });
  const sql =
    `MERGE INTO ${ledgerRef(bigquery, 'drift')} AS t USING (${rows.join(' UNION ALL ')}) AS s ` +
    'ON t.pipeline = s.pipeline AND t.`table` = s.`table` AND t.field = s.field ' +
    'WHEN MATCHED THEN UPDATE SET suggested = s.suggested, `rows` = s.row_count, last_seen = @now ' +
    'WHEN NOT MATCHED THEN INSERT (pipeline, `table`, field, suggested, `rows`, first_seen, last_seen) ' +
    `VALUES (s.pipeline, s.\`table\`, s.field, s.suggested, s.row_count, @now, @now)`;
  return { sql, params };
}
