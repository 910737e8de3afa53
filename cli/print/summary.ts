import type { RunSummary } from '../../functions/core/run/request.ts';
import { formatCount, formatMegabytes, formatRate, formatSeconds } from './numbers.ts';
import { renderTable } from './table.ts';

const columns = [
  { title: 'table' },
  ...['slices', 'read', 'loaded', 'unchanged', 'quarantined', 'MB', 'rows/s', 'API calls', 'seconds'].map(
    (title) => ({ title, align: 'right' as const }),
  ),
];

/** Lines of one kind printed before the rest is counted only. */
const mostLines = 8;

/** What one run did: a table, then what was skipped, failed or is new in the source. */
export function summaryLines(
  { run, costUsd, tables, failures, skipped, drift }: RunSummary,
  width: number,
): readonly string[] {
  const ms = (run.finishedAt ?? run.startedAt).getTime() - run.startedAt.getTime();
  const rows = tables.map((table) => [
    table.table,
    formatCount(table.slices),
    formatCount(table.rowsRead),
    formatCount(table.inserted + table.updated),
    formatCount(table.unchanged),
    formatCount(table.quarantined),
  ]);
  const total = [
    'total',
    formatCount(run.slicesDone),
    formatCount(run.rowsRead),
    formatCount(run.rowsLoaded),
    formatCount(run.rowsUnchanged),
    formatCount(run.rowsQuarantined),
    formatMegabytes(run.bytes),
    formatRate(run.rowsRead, ms),
    formatCount(run.apiCalls),
    formatSeconds(ms),
  ];
  return [
    `${run.pipeline}/${run.group}: ${run.lane === 'backfill' ? 'backfill ' : ''}${run.status}${resume(run)}`,
    ...renderTable({ columns, rows, total, width }).lines,
    ...charged(run, costUsd),
    ...few(skipped.map((why) => (why.includes('up to date') ? why : `up to date: ${why}`))),
    ...reason(run, failures),
    ...few(failures.map(({ sliceId, error }) => `failed: ${sliceId}: ${error}`)),
    ...few(
      drift.map(
        ({ table, schema, field, patch }) =>
          `new field: ${table} has "${field}", kept in _extra; to give it a column add to schemas/${schema}.json: ${patch}`,
      ),
    ),
  ];
}

function resume({ status, resumeAt }: RunSummary['run']): string {
  return status === 'deferred' && resumeAt !== undefined ? `, run it again at ${resumeAt.toISOString()}` : '';
}

function charged({ bytesBilled }: RunSummary['run'], costUsd: number | undefined): readonly string[] {
  if (bytesBilled === undefined || costUsd === undefined) return [];
  return [
    `BigQuery charges for ${formatMegabytes(bytesBilled)} MB read: about ${costUsd.toFixed(4)} USD on demand`,
  ];
}

/** Why a run stopped before its last slice; a slice's own error is listed with the slice. */
function reason({ error }: RunSummary['run'], failures: RunSummary['failures']): readonly string[] {
  const isListed = failures.some((failure) => failure.error === error);
  return error === undefined || isListed ? [] : [`stopped: ${error}`];
}

function few(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines - 1), `... and ${lines.length - mostLines + 1} more`];
}
