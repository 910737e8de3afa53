import { describe, expect, test } from 'vitest';
import { cronWords, nextRuns, schedulesOf } from './schedules.ts';
import { graphOf, resource, tinyResources } from './testing/tiny-graph.ts';

const now = new Date('2026-11-20T12:00:00Z');

describe('schedulesOf', () => {
  test('says when a pipeline runs, on the clock of its own zone', () => {
    expect(schedulesOf(graphOf(tinyResources), now)).toEqual([
      {
        name: 'ads--main',
        pipeline: 'ads',
        cron: '0 6 * * *',
        timeZone: 'Europe/Rome',
        paused: false,
        words: 'At 06:00, every day',
        nextRuns: ['Sat 2026-11-21 06:00', 'Sun 2026-11-22 06:00', 'Mon 2026-11-23 06:00'],
      },
    ]);
  });

  test('marks a paused schedule and takes UTC when no zone is named', () => {
    const job = resource('gcp:cloudscheduler/job:Job', 'x', { schedule: '0 6 1 * *', paused: true });
    expect(schedulesOf(graphOf([job]), now)).toMatchObject([{ paused: true, timeZone: 'Etc/UTC' }]);
  });
});

test.each([
  ['0 6 * * *', 'At 06:00, every day'],
  ['*/15 * * * *', 'Every 15 minutes, every hour, every day'],
  ['30 8 * * 1-5', 'At 08:30, Monday through Friday'],
  ['0 3 * * 0', 'At 03:00, only on Sunday'],
])('%s reads "%s"', (cron, words) => {
  expect(cronWords(cron)).toBe(words);
});

describe('nextRuns', () => {
  test('keeps the hour of the zone when its clocks change', () => {
    // Rome leaves summer time on 25 October 2026.
    expect(nextRuns('0 6 * * *', 'Europe/Rome', new Date('2026-10-24T03:00:00Z'))).toEqual([
      'Sat 2026-10-24 06:00',
      'Sun 2026-10-25 06:00',
      'Mon 2026-10-26 06:00',
    ]);
  });

  test('counts from now, and only what comes after it', () => {
    expect(nextRuns('0 12 * * *', 'Etc/UTC', now, 1)).toEqual(['Sat 2026-11-21 12:00']);
  });
});
