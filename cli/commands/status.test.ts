import { expect, it } from 'vitest';
import type { RunRecord } from '../../functions/core/ledger/ledger.ts';
import { statusLines } from './status.ts';

const now = new Date('2026-11-20T12:00:00Z');
const run = {
  runId: 'r',
  pipeline: 'api',
  group: 'demo',
  lane: 'incremental',
  trigger: 'cli',
  status: 'partial',
  startedAt: new Date('2026-11-20T11:58:00Z'),
  finishedAt: new Date('2026-11-20T11:59:00Z'),
  rowsLoaded: 1200,
  error: '[api/demo] no',
} as RunRecord;
const table = { through: undefined, daysBehind: undefined, loadedAt: undefined, owed: 0, quarantined: 0 };

it('shows how fresh each table is, below the last run of its group', async () => {
  const lines = await statusLines(
    [
      {
        pipeline: 'api',
        group: 'demo',
        lastRun: run,
        tables: [
          { ...table, table: 'api.daily', through: '2026-11-19', daysBehind: 0, loadedAt: now },
          { ...table, table: 'api.late', through: '2026-11-01', daysBehind: 18, loadedAt: now, owed: 2 },
          { ...table, table: 'api.items', loadedAt: new Date('2026-11-20T09:00:00Z'), quarantined: 1234 },
          { ...table, table: 'api.new' },
        ],
      },
      { pipeline: 'files', group: 'demo', lastRun: undefined, tables: [] },
    ],
    now,
    200,
  );
  expect(lines).toEqual([
    'api/demo: partial 1 min ago, 1,200 rows loaded; [api/demo] no',
    'table      through     freshness       owed slices  quarantined',
    '─────────  ──────────  ──────────────  ───────────  ───────────',
    'api.daily  2026-11-19  up to date                0            0',
    'api.late   2026-11-01  18 days behind            2            0',
    'api.items  -           3 h ago                   0        1,234',
    'api.new    -           never loaded              0            0',
    '',
    'files/demo: never ran',
    'table  through  freshness  owed slices  quarantined',
    '─────  ───────  ─────────  ───────────  ───────────',
  ]);
});

it('says what a backfill is and when a deferred run may go on', async () => {
  const deferred = { ...run, lane: 'backfill', status: 'deferred', error: undefined } as const;
  const resumeAt = new Date('2026-11-20T13:00:00Z');
  const [line] = await statusLines(
    [{ pipeline: 'api', group: 'demo', lastRun: { ...deferred, resumeAt }, tables: [] }],
    now,
    200,
  );
  expect(line).toBe(
    'api/demo: backfill deferred until 2026-11-20T13:00:00.000Z 1 min ago, 1,200 rows loaded',
  );
});
