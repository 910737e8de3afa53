import { expect, it } from 'vitest';
import type { RunRecord } from '../../functions/core/ledger/ledger.ts';
import type { RunSummary, TableSummary } from '../../functions/core/run/request.ts';
import { summaryLines } from './summary.ts';

const run: RunRecord = {
  runId: 'r1',
  pipeline: 'api',
  group: 'demo',
  lane: 'incremental',
  trigger: 'cli',
  status: 'succeeded',
  startedAt: new Date('2026-11-20T06:00:00.000Z'),
  finishedAt: new Date('2026-11-20T06:00:02.500Z'),
  slicesPlanned: 3,
  slicesDone: 3,
  slicesFailed: 0,
  rowsRead: 5000,
  rowsLoaded: 4000,
  rowsUnchanged: 990,
  rowsQuarantined: 10,
  bytes: 12_345_678,
  apiCalls: 1234,
  waitedMs: 0,
};
const table: TableSummary = {
  table: 'api.items',
  slices: 3,
  rowsRead: 5000,
  inserted: 3000,
  updated: 1000,
  unchanged: 990,
  deleted: 0,
  quarantined: 10,
};
const summary: RunSummary = { run, tables: [table], failures: [], skipped: [], drift: [] };

it('shows a row per table and the network in the total', () => {
  expect(summaryLines(summary, 200)).toEqual([
    'api/demo: succeeded',
    'table      slices   read  loaded  unchanged  quarantined    MB  rows/s  API calls  seconds',
    '─────────  ──────  ─────  ──────  ─────────  ───────────  ────  ──────  ─────────  ───────',
    'api.items       3  5,000   4,000        990           10',
    '─────────  ──────  ─────  ──────  ─────────  ───────────  ────  ──────  ─────────  ───────',
    'total           3  5,000   4,000        990           10  12.3   2,000      1,234      2.5',
  ]);
});

it('says what is charged by bytes', () => {
  const billed = { ...summary, run: { ...run, bytesBilled: 2_000_000_000 }, costUsd: 0.011369 };
  expect(summaryLines(billed, 200).at(-1)).toBe(
    'BigQuery charges for 2,000.0 MB read: about 0.0114 USD on demand',
  );
});

it('says why nothing was to do, which slices failed and which fields are new', () => {
  const lines = summaryLines(
    {
      run: { ...run, status: 'partial' },
      tables: [],
      failures: [{ sliceId: 'items/-/1', error: '[api/demo] no' }],
      skipped: ['items is up to date through 2026-11-19', 'files: a.csv has not changed'],
      drift: [{ table: 'items', schema: 'api/items', field: 'colour', patch: '{"name":"colour"}' }],
    },
    200,
  );
  expect(lines[0]).toBe('api/demo: partial');
  expect(lines.slice(-4)).toEqual([
    'items is up to date through 2026-11-19',
    'up to date: files: a.csv has not changed',
    'failed: items/-/1: [api/demo] no',
    'new field: items has "colour", kept in _extra; to give it a column add to schemas/api/items.json: {"name":"colour"}',
  ]);
});

it('says why a run stopped, once', () => {
  const stopped = { ...run, status: 'partial', error: '[api/demo] no' } as const;
  const failures = [{ sliceId: 'items/-/1', error: '[api/demo] no' }];
  expect(summaryLines({ ...summary, run: stopped }, 200).slice(6)).toEqual(['stopped: [api/demo] no']);
  expect(summaryLines({ ...summary, run: stopped, failures }, 200).slice(6)).toEqual([
    'failed: items/-/1: [api/demo] no',
  ]);
});

it('names the lane of a backfill and the time of a deferred run', () => {
  const deferred = {
    ...run,
    lane: 'backfill',
    status: 'deferred',
    resumeAt: new Date('2026-11-20T07:00:00Z'),
  } as const;
  expect(summaryLines({ ...summary, run: deferred }, 200)[0]).toBe(
    'api/demo: backfill deferred, run it again at 2026-11-20T07:00:00.000Z',
  );
});

it('counts what is too much to list', () => {
  const skipped = Array.from({ length: 9 }, (_, at) => `file ${at}`);
  const lines = summaryLines({ ...summary, skipped }, 200).slice(6);
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toBe('... and 2 more');
});

it('gives up columns of the right side in a narrow terminal', () => {
  const lines = summaryLines(summary, 60);
  expect(lines[1]).toBe('table      slices   read  loaded  unchanged  quarantined');
});
