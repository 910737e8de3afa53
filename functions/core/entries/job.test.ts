import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import { openTidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import type { TideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { startTideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { addDays, today } from '../run/days.ts';

const day = today(new Date(), 'UTC');

let vendor: TideVendor;
let tides: TidePipeline;

beforeAll(async () => {
  vendor = await startTideVendor();
  tides = await openTidePipeline(vendor, ['north', 'south']);
});

afterAll(async () => {
  await vendor.close();
  tides.close();
});

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [tides.bundle.file, ...args], {
    env: { ...process.env, ...tides.env, ...env },
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { child, ended };
}

const run = (args: readonly string[], env?: Record<string, string>) => start(args, env).ended;

/** The last line is the result. */
const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '');

describe('a bundle that is started', () => {
  it('loads one group and exits with 0', async () => {
    const { code, out, err } = await run(['--group', 'north']);
    expect([code, err]).toEqual([0, '']);
    expect(lastLine(out)).toMatchObject({
      message: 'the run ended succeeded',
      run: { pipeline: 'tides', group: 'north', lane: 'incremental', trigger: 'job', rowsLoaded: 16 },
    });
  });

  it('loads days, in a write mode', async () => {
    const days = ['--from', addDays(day, -40), '--to', addDays(day, -40)];
    const { code, out } = await run(['--group', 'south', ...days, '--write-mode', 'merge']);
    expect([code, lastLine(out).run.rowsLoaded]).toEqual([0, 2]);
  });

  it('loads months', async () => {
    const { code, out } = await run(['--group', 'south', '--months', '1']);
    expect([code, lastLine(out).run.lane]).toEqual([0, 'backfill']);
  });

  it('explains itself', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('64 wrong arguments; 75 not now');
  });

  it('exits with 1 when slices failed', async () => {
    vendor.mood = 'half-broken';
    const { code, out } = await run([
      '--group',
      'south',
      '--from',
      addDays(day, -50),
      '--to',
      addDays(day, -50),
    ]);
    vendor.mood = 'well';
    expect([code, lastLine(out).run.status]).toEqual([1, 'partial']);
  });

  it('exits with 1 when its secret is not there', async () => {
    const { code, err } = await run(['--group', 'north'], { CATCHMENT_SECRETS: '/nowhere' });
    expect([code, lastLine(err).error.code]).toEqual([1, 'auth']);
  });

  it.each([
    [[], '[tides] --group is missing; allowed: north, south', '--group'],
    [['--group', 'west'], '[tides] --group is unknown: got "west"; allowed: north, south', '--group'],
    [
      ['--group', 'north', '--from', '2026-13-01', '--to', '2026-12-01'],
      '[tides] --from is not a day: got "2026-13-01"; allowed: YYYY-MM-DD',
      '--from',
    ],
    [
      ['--since', 'x'],
      "Unknown option '--since'; allowed: --group, --from, --to, --months, --write-mode, --resume, --resnapshot, --table",
      undefined,
    ],
  ])('exits with 64 for %j', async (args, message, field) => {
    const { code, err } = await run(args);
    expect(code).toBe(64);
    expect(lastLine(err)).toMatchObject({
      severity: 'ERROR',
      message,
      error: { code: 'bad-input', retryable: false },
    });
    expect(lastLine(err).error.field).toBe(field);
  });

  it('exits with 75 when it must come back later', async () => {
    vendor.mood = 'out-of-quota';
    const { code, out } = await run([
      '--group',
      'south',
      '--from',
      addDays(day, -60),
      '--to',
      addDays(day, -60),
    ]);
    vendor.mood = 'well';
    expect([code, lastLine(out).run.status]).toEqual([75, 'deferred']);
  });

  it('exits with 75 when it is told to end in the middle', async () => {
    vendor.mood = 'holding';
    const { child, ended } = start([
      '--group',
      'north',
      '--from',
      addDays(day, -70),
      '--to',
      addDays(day, -70),
    ]);
    await vendor.held();
    child.kill('SIGTERM');
    const { code, out } = await ended;
    vendor.release();
    expect([code, lastLine(out).run.error]).toEqual([75, 'the process was told to end (SIGTERM)']);
  });

  it('exits with 64 when a day is in the future', async () => {
    const { code, err } = await run(['--group', 'north', '--from', day, '--to', addDays(day, 3)]);
    expect([code, lastLine(err).error.field]).toEqual([64, '--to']);
  });
});
