import type { Bigquery } from './jobs.ts';
import { ledgerRef } from './ledger-tables.ts';

/** The newest word on each run. */
export function newestRuns(bigquery: Bigquery, where: string): string {
  return (
    `SELECT * FROM ${ledgerRef(bigquery, 'runs')} WHERE ${where} ` +
    'QUALIFY ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY version DESC) = 1'
  );
}

export const ofLane = 'pipeline = @pipeline AND `group` = @group AND lane = @lane';

/** Statements as one script. */
export function script(statements: readonly string[]): string {
  return `${statements.join(';\n')};`;
}
