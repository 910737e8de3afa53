import { expect, it } from 'vitest';
import type { CatchmentError } from '../errors.ts';
import type { Pipeline } from '../pipeline.ts';
import { parseOrder } from './order.ts';

const table = (declared: string, kind: 'log' | 'snapshot') => ({
  ...{ declared, name: declared, schema: `postgres-replication/${declared}`, key: ['id'] },
  ...{ writeMode: 'merge' as const, cursor: { kind } },
});

const pipelineOf = (...tables: Pipeline['tables'][number][]): Pipeline => ({
  ...{ name: 'shop', source: 'postgres-replication', dataset: 'shop', tables, runsOn: 'job' },
  warehouse: { name: 'main', kind: 'duckdb', path: 'x.duckdb' },
  groups: [{ name: 'main', timeZone: 'UTC', sandbox: false, settings: {} }],
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
});

const names = { resume: '--resume', resnapshot: '--resnapshot', table: '--table' };

function parse(
  fields: Record<string, unknown>,
  pipeline = pipelineOf(table('orders', 'log'), table('customers', 'log'), table('rates', 'snapshot')),
) {
  return parseOrder(fields, { pipeline, names, now: new Date('2026-11-20T06:00:00Z') });
}

function refusal(...given: Parameters<typeof parse>): string {
  try {
    parse(...given);
  } catch (error) {
    return (error as CatchmentError).message;
  }
  throw new Error('it was taken');
}

it('takes the order to read all tables of a log anew, or some of them', () => {
  expect(parse({})).not.toHaveProperty('resnapshot');
  expect(parse({ '--resnapshot': 'true' })).toMatchObject({ group: 'main', resnapshot: true });
  expect(parse({ '--resnapshot': true })).not.toHaveProperty('tables');
  expect(parse({ '--resnapshot': true, '--table': 'orders' })).toMatchObject({ tables: ['orders'] });
  const both = ['orders', 'customers'];
  expect(parse({ '--resnapshot': true, '--table': 'orders,customers' })).toMatchObject({ tables: both });
  expect(parse({ '--resnapshot': true, '--table': both })).toMatchObject({ tables: both });
});

it('refuses it for a pipeline without a log, and says what to do', () => {
  expect(refusal({ '--resnapshot': 'true' }, pipelineOf(table('rates', 'snapshot')))).toBe(
    '[shop] no table of this pipeline is read from a log, so --resnapshot means nothing here; leave --resnapshot out; to load days again, name them',
  );
});

it('refuses tables that are not read from a log, and names those that are', () => {
  for (const name of ['rates', 'unknown', '', []])
    expect(refusal({ '--resnapshot': true, '--table': name })).toMatch(
      /--table names no table that is read from a log.+allowed: orders, customers/,
    );
  expect(refusal({ '--table': 'orders' })).toMatch(/--table goes with an order to read it anew only/);
});

it('refuses it beside another order, and any value but true', () => {
  expect(refusal({ '--resnapshot': true, '--resume': 'true' })).toMatch(
    /--resnapshot and --resume exclude each other/,
  );
  expect(refusal({ '--resnapshot': 'yes' })).toMatch(/--resnapshot is not true.+got "yes"/);
});
