import { expect, it } from 'vitest';
import { allTables } from '../extract.ts';
import type { ForgottenSlices, SliceRecord } from '../ledger/ledger.ts';
import type { ActiveRun } from './active-run.ts';
import { createForgetter } from './forget-commits.ts';

const now = new Date('2026-11-12T06:00:00.000Z');
const lane = { pipeline: 'p', group: 'g', lane: 'incremental' } as const;

const recordsOf = (count: number, table = allTables) =>
  Array.from({ length: count }, () => ({ ...lane, table }) as SliceRecord);

/** A run whose ledger notes what it is asked to forget, and warnings of its log. */
function open(forget: () => Promise<void> = async () => {}) {
  const asked: ForgottenSlices[] = [];
  const warnings: string[] = [];
  const forgetSlices = (of: ForgottenSlices) => {
    asked.push(of);
    return forget();
  };
  const log = { warn: (_: object, words: string) => warnings.push(words) };
  const request = { warehouse: { ledger: { forgetSlices } }, log };
  const run = { request, setup: { now: () => now, where: 'p/g' }, lease: lane } as unknown as ActiveRun;
  return { run, asked, warnings };
}

it('forgets commits of the log from before the last hour, when a thousand have gathered', async () => {
  const { run, asked } = open();
  const forget = createForgetter(run, [...recordsOf(998), ...recordsOf(5, 'items')]);
  await forget();
  expect(asked).toEqual([]);
  await forget();
  const wanted = { ...lane, table: allTables, before: new Date('2026-11-12T05:00:00.000Z') };
  expect(asked).toEqual([wanted]);
  for (let commit = 0; commit < 999; commit += 1) await forget();
  expect(asked).toEqual([wanted]);
  await forget();
  expect(asked).toEqual([wanted, wanted]);
});

it('only warns when the warehouse cannot do it', async () => {
  const { run, warnings } = open(() => Promise.reject(new Error('down')));
  await createForgetter(run, recordsOf(1_000))();
  expect(warnings).toEqual(['old records of commits could not be dropped']);
});
