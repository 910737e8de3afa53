import { describe, expect, it } from 'vitest';
import type { CatchmentError } from '../errors.ts';
import type { Pipeline } from '../pipeline.ts';
import { parseOrder } from './order.ts';

const now = new Date('2026-11-20T06:00:00Z');

const names = {
  group: 'group',
  from: 'start_date',
  to: 'end_date',
  months: 'months',
  writeMode: 'write_mode',
};

const group = (name: string, timeZone = 'UTC') => ({ name, timeZone, sandbox: false, settings: {} });

const pipeline: Pipeline = {
  name: 'tides',
  source: 'tide-gauge',
  warehouse: { name: 'main', kind: 'duckdb', path: 'x.duckdb' },
  dataset: 'tides',
  tables: [
    {
      declared: 'levels',
      name: 'levels',
      schema: 'tide-gauge/levels',
      key: ['day', 'station'],
      writeMode: 'replaceWindow',
      windowField: 'day',
      cursor: { kind: 'window', lag: 1, lookback: 1, maxSpan: 31 },
    },
    {
      declared: 'stations',
      name: 'stations',
      schema: 'tide-gauge/stations',
      key: ['station'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
  ],
  groups: [group('north'), group('samoa', 'Pacific/Apia')],
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
  runsOn: 'function',
};

const snapshots: Pipeline = { ...pipeline, tables: pipeline.tables.slice(1) };

function parse(fields: Record<string, unknown>, of: Partial<Parameters<typeof parseOrder>[1]> = {}) {
  return parseOrder({ group: 'north', ...fields }, { pipeline, names, now, ...of });
}

function refusal(fields: Record<string, unknown>, of: Partial<Parameters<typeof parseOrder>[1]> = {}) {
  try {
    return parse(fields, of);
  } catch (error) {
    const { message, facts } = error as CatchmentError;
    return { field: facts.field, message };
  }
}

describe('parseOrder', () => {
  it('is the incremental run when no days are named', () => {
    expect(parse({})).toEqual({ group: 'north', window: undefined, writeMode: undefined });
  });

  it('takes days, both included, up to today', () => {
    expect(parse({ start_date: '2026-11-20', end_date: '2026-11-20' }).window).toEqual({
      start: '2026-11-20',
      end: '2026-11-20',
    });
  });

  it('takes months up to yesterday, also as text', () => {
    const window = { start: '2026-05-20', end: '2026-11-19' };
    expect([parse({ months: 6 }).window, parse({ months: '6' }).window]).toEqual([window, window]);
  });

  it('counts days in the time zone of the group', () => {
    expect(parse({ group: 'samoa', months: 1 }, { now: new Date('2026-11-20T12:00:00Z') }).window?.end).toBe(
      '2026-11-20',
    );
  });

  it('needs no group when there is just one', () => {
    const one = { ...pipeline, groups: [group('only')] };
    expect(parseOrder({}, { pipeline: one, names, now }).group).toBe('only');
  });

  it('takes a write mode that only the tables of the window can carry out', () => {
    const window = { start_date: '2026-11-01', end_date: '2026-11-02' };
    expect(parse({ ...window, write_mode: 'replaceWindow' }).writeMode).toBe('replaceWindow');
  });

  it.each<readonly [Record<string, unknown>, { field: string; message: string }]>([
    [{ group: undefined }, { field: 'group', message: '[tides] group is missing; allowed: north, samoa' }],
    [
      { group: 'south' },
      { field: 'group', message: '[tides] group is unknown: got "south"; allowed: north, samoa' },
    ],
    [
      { account: 1 },
      {
        field: 'account',
        message: '[tides] unknown field "account"; allowed: group, start_date, end_date, months, write_mode',
      },
    ],
    [
      { start_date: '2026-11-01' },
      {
        field: 'end_date',
        message:
          '[tides] end_date is missing; allowed: YYYY-MM-DD; give both days, or none for the incremental run',
      },
    ],
    [
      { end_date: '2026-11-01' },
      {
        field: 'start_date',
        message:
          '[tides] start_date is missing; allowed: YYYY-MM-DD; give both days, or none for the incremental run',
      },
    ],
    [
      { start_date: '01/11/2026', end_date: '2026-11-02' },
      {
        field: 'start_date',
        message: '[tides] start_date is not a day: got "01/11/2026"; allowed: YYYY-MM-DD',
      },
    ],
    [
      { start_date: '2026-11-01', end_date: '2026-02-30' },
      { field: 'end_date', message: '[tides] end_date is not a day: got "2026-02-30"; allowed: YYYY-MM-DD' },
    ],
    [
      { start_date: '2026-11-01', end_date: 20261102 },
      { field: 'end_date', message: '[tides] end_date is not a day: got 20261102; allowed: YYYY-MM-DD' },
    ],
    [
      { start_date: '2026-11-03', end_date: '2026-11-02' },
      {
        field: 'start_date',
        message: '[tides] start_date is after end_date: got "2026-11-03"; allowed: days up to 2026-11-02',
      },
    ],
    [
      { start_date: '2026-11-03', end_date: '2026-11-21' },
      {
        field: 'end_date',
        message: '[tides] end_date is in the future: got "2026-11-21"; allowed: days up to 2026-11-20',
      },
    ],
    [
      { months: 6, start_date: '2026-11-03' },
      {
        field: 'months',
        message: '[tides] months and days exclude each other; give months, or start_date and end_date',
      },
    ],
    ...[0, 61, 1.5, '1e1', 'six', true].map(
      (months): [Record<string, unknown>, { field: string; message: string }] =>
        [
          { months },
          {
            field: 'months',
            message: `[tides] months is not a number of months: got ${JSON.stringify(months)}; allowed: whole numbers from 1 to 60`,
          },
        ] as const,
    ),
    [
      { write_mode: 'upsert' },
      { field: 'write_mode', message: '[tides] write_mode is unknown: got "upsert"; allowed: append, merge' },
    ],
    [
      { write_mode: 'replaceWindow' },
      {
        field: 'write_mode',
        message:
          '[tides] write_mode is not possible for table "stations": got "replaceWindow"; allowed: append, merge',
      },
    ],
  ])('refuses %j', (fields, expected) => {
    expect(refusal(fields)).toEqual(expected);
  });

  it('refuses days when no table is read by days', () => {
    expect(refusal({ months: 2 }, { pipeline: snapshots })).toEqual({
      field: 'months',
      message: '[tides] no table of this pipeline is read by days; leave the days out',
    });
  });

  it('refuses a backfill that names no months', () => {
    expect(refusal({}, { names: { group: 'group', months: 'months' } })).toEqual({
      field: 'months',
      message: '[tides] months is missing; allowed: whole numbers from 1 to 60',
    });
  });

  it('tells the fields of its caller', () => {
    const argument = { group: '--group', from: '--from', to: '--to' };
    try {
      parseOrder({ '--group': 'north', '--to': '2026-11-01' }, { pipeline, names: argument, now });
      expect.unreachable();
    } catch (error) {
      expect((error as CatchmentError).facts.field).toBe('--from');
    }
  });
});
