import { expect, test } from 'vitest';
import { parseConfig } from '../../functions/core/entries/config.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { handlerEnvironment, secretFile, secretMount } from './handler-environment.ts';

const pipeline: Pipeline = {
  name: 'ads',
  source: 'ads',
  warehouse: { name: 'main', kind: 'bigquery', project: 'acme', location: 'EU' },
  dataset: 'ads',
  tables: [
    {
      declared: 'report',
      name: 'report',
      schema: 'ads/report',
      key: ['day'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
  ],
  groups: [{ name: 'a', secret: 's', timeZone: 'UTC', sandbox: false, settings: { accountIds: ['1'] } }],
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
  runsOn: 'function',
};

test('a handler understands what it is told', () => {
  const config = parseConfig(handlerEnvironment(pipeline, 1800), 'ads');
  expect(config.pipeline).toEqual(pipeline);
  expect(config.timeoutSeconds).toBe(1800);
  expect(`${config.secretsDir}/s/value`).toBe(`${secretMount('s')}/${secretFile}`);
});

test('a pipeline that does not fit into a variable is refused before it is deployed', () => {
  const accountIds = Array.from({ length: 2000 }, (_, index) => String(7_000_000_000_000_000 + index));
  const groups = [{ name: 'a', timeZone: 'UTC', sandbox: false, settings: { accountIds } }];
  expect(() => handlerEnvironment({ ...pipeline, groups }, 1800)).toThrow(
    /^\[ads\] is too large for one environment variable: got "\d+ bytes"; allowed: up to 32768; split its groups over two pipelines$/,
  );
});
