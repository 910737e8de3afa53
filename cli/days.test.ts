import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeProject } from './testing/project.ts';

const project = makeProject(
  `
config:
  catchment:estate:
    warehouses:
      main: { kind: duckdb, path: .catchment/estate.duckdb }
    pipelines:
      tiktok-marketing: { dataset: tiktok, groups: { demo: { sandbox: true } } }
`,
  ['tiktok-marketing'],
);
afterAll(() => project.remove());

const run = ['run', 'tiktok-marketing', '--group', 'demo', '--json'];

it('loads the days that are named, and leaves the cursor where it was', async () => {
  const { code, out } = await project.catchment(...run, '--from', '2026-10-01', '--to', '2026-10-02');
  expect(code).toBe(0);
  const { runs } = JSON.parse(out);
  expect(runs).toMatchObject([
    {
      pipeline: 'tiktok-marketing',
      group: 'demo',
      run: { lane: 'backfill', status: 'succeeded', slicesDone: 2 },
    },
  ]);
  const days = await project.catchment(
    'query',
    'select min("DATE") since, max("DATE") through, count(*) > 0 filled from tiktok.ad_report_daily',
    '--json',
  );
  expect(JSON.parse(days.out)).toEqual([{ since: '2026-10-01', through: '2026-10-02', filled: true }]);
  const status = await project.catchment('status');
  expect(status.out).toMatch(/^tiktok-marketing\/demo: backfill succeeded just now/);
  expect(status.out).toMatch(/\ntiktok\.ad_report_daily {2}- +just now /);
});

it('loads one table when asked for, and refuses one that is not there', async () => {
  const { out } = await project.catchment(...run, '--table', 'campaigns');
  const { runs } = JSON.parse(out);
  expect(runs[0].tables.map(({ table }: { table: string }) => table)).toEqual(['tiktok.campaigns']);
  const wrong = await project.catchment(...run, '--table', 'campaign');
  expect(wrong.code).toBe(64);
  expect(JSON.parse(wrong.out).runs[0].error.message).toBe(
    '[tiktok-marketing/demo] the pipeline has no such table: got "campaign"; allowed: ad_report_daily, campaigns, ' +
      'adgroups, ads, advertisers',
  );
});

it('ends with 130 when interrupted, says so, and goes on where it stopped', async () => {
  const backfill = ['backfill', 'tiktok-marketing', '--months', '3', '--root', project.root];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bin.js'), ...backfill]);
  let said = '';
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const isWorking = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (/demo: \d+\/\d+ slices/.test(said)) resolve();
    });
  });
  await isWorking;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exit).toEqual([130, null]);
  expect(printed).toMatch(/^tiktok-marketing\/demo: backfill partial\n/);
  expect(printed).toMatch(/\nstopped: .*(?:interrupted by SIGINT|the run was stopped); run it again/);

  const again = await project.catchment('backfill', 'tiktok-marketing', '--months', '3', '--json');
  expect(again.code).toBe(0);
  const { runs } = JSON.parse(again.out);
  const total = Number(/demo: (\d+) slices to load/.exec(said)?.[1]);
  expect(runs[0].run.status).toBe('succeeded');
  expect(runs[0].run.slicesDone).toBeLessThan(total);
}, 90_000);
