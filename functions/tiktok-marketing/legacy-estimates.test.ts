import { expect, test } from 'vitest';
import { legacyEstimates } from './legacy-estimates.ts';

test('a row gives the estimates that the predecessor would have loaded', () => {
  const metrics = {
    spend: '20.00',
    reach: '3991',
    video_play_actions: 5173,
    video_watched_2s: 686,
    video_watched_6s: 180,
    video_views_p25: 513,
    video_views_p50: 214,
    video_views_p75: 140,
    video_views_p100: 92,
  };
  expect(legacyEstimates(metrics)).toEqual({
    VIDEO_VIEWS_AT_25: 686,
    VIDEO_VIEWS_AT_50: 180,
    VIDEO_VIEWS_AT_75: 3879,
    VIDEO_VIEWS_AT_100: 5173,
    CPR: 0.005011,
  });
});

test('zero plays become NULL, and one play gives three quarters of it cut to zero', () => {
  expect(
    legacyEstimates({ video_play_actions: '0', video_watched_2s: 0, reach: '0', spend: '1.00' }),
  ).toEqual({
    VIDEO_VIEWS_AT_25: undefined,
    VIDEO_VIEWS_AT_50: undefined,
    VIDEO_VIEWS_AT_75: undefined,
    VIDEO_VIEWS_AT_100: undefined,
    CPR: undefined,
  });
  expect(legacyEstimates({ video_play_actions: '1' }).VIDEO_VIEWS_AT_75).toBe(0);
});

test('what Python could not read as a whole number counts as zero', () => {
  const unread = legacyEstimates({
    video_play_actions: '-',
    video_watched_2s: '12.0',
    video_watched_6s: null,
  });
  expect(unread).toMatchObject({ VIDEO_VIEWS_AT_25: undefined, VIDEO_VIEWS_AT_50: undefined });
  expect(unread.VIDEO_VIEWS_AT_100).toBeUndefined();
  expect(legacyEstimates({ video_watched_2s: 12.9 }).VIDEO_VIEWS_AT_25).toBe(12);
});

test('a cost halfway between two millionths goes to the even one, as in Python', () => {
  expect(legacyEstimates({ spend: '1.25', reach: '160' }).CPR).toBe(0.007812);
  expect(legacyEstimates({ spend: '3.75', reach: '160' }).CPR).toBe(0.023438);
  expect(legacyEstimates({ spend: '-', reach: '160' }).CPR).toBe(0);
});
