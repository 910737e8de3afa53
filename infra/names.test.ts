import { expect, test } from 'vitest';
import {
  accessLogBucketName,
  accountEmail,
  handlerName,
  pipelineAccountName,
  scheduleName,
  schedulerAccountName,
  stagingBucketName,
} from './names.ts';

test('every name is made of the names in the stack file, and of nothing else', () => {
  expect(pipelineAccountName('tiktok-marketing')).toBe('etl-tiktok-marketing');
  expect(schedulerAccountName('tiktok-marketing')).toBe('cron-tiktok-marketing');
  expect(handlerName('tiktok-marketing')).toBe('etl-tiktok-marketing');
  expect(scheduleName('tiktok-marketing', 'empower')).toBe('etl-tiktok-marketing--empower');
  expect(stagingBucketName('acme-dev', 'dev')).toBe('acme-dev-dev-catchment');
  expect(accessLogBucketName('acme-dev', 'dev')).toBe('acme-dev-dev-catchment-logs');
  expect(accountEmail('etl-a', 'acme-dev')).toBe('etl-a@acme-dev.iam.gserviceaccount.com');
});

test('two pairs of pipeline and group never share a name', () => {
  expect(scheduleName('a-b', 'c')).not.toBe(scheduleName('a', 'b-c'));
});

test('a name that is too long, too short or wrong is refused and never cut', () => {
  expect(() => schedulerAccountName('a'.repeat(26))).toThrow(
    `[${'a'.repeat(26)}] gives a service account id of 31 characters: got "cron-${'a'.repeat(26)}"; allowed: 6 to 30 characters; make "${'a'.repeat(26)}" 1 shorter; names are never cut`,
  );
  expect(() => pipelineAccountName('a')).toThrow(
    '[a] gives a service account id of 5 characters: got "etl-a"; allowed: 6 to 30 characters; make "a" 1 longer; names are never cut',
  );
  expect(() => stagingBucketName('acme-dev', 'Dev')).toThrow(
    '[Dev] gives a wrong bucket name: got "acme-dev-Dev-catchment"; allowed: lower-case letters, digits and dashes',
  );
  expect(() => accessLogBucketName('acme-marketing-of-the-world', 'productions-of-europe')).toThrow(
    'gives a bucket name of 64 characters',
  );
});
