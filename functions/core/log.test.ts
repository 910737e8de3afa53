import { describe, expect, it } from 'vitest';
import { fatal } from './errors.ts';
import type { LogLevel } from './log.ts';
import { createLog } from './log.ts';
import { createRedactor } from './secrets.ts';

describe('createLog', () => {
  it('writes one JSON object per line with the names that Cloud Logging reads', async () => {
    const { log, lines } = await open('debug', { pipeline: 'shop' });
    log.debug({ rows: 1 }, 'one');
    log.info({}, 'two');
    log.warn({}, 'three');
    log.error({}, 'four');
    expect(lines().map(({ time, ...line }) => ({ ...line, isTime: isIso(time) }))).toEqual([
      { severity: 'DEBUG', pipeline: 'shop', rows: 1, message: 'one', isTime: true },
      { severity: 'INFO', pipeline: 'shop', message: 'two', isTime: true },
      { severity: 'WARNING', pipeline: 'shop', message: 'three', isTime: true },
      { severity: 'ERROR', pipeline: 'shop', message: 'four', isTime: true },
    ]);
  });

  it('leaves out lines below its level', async () => {
    const { log, lines } = await open('warn');
    log.debug({}, 'no');
    log.info({}, 'no');
    log.warn({}, 'yes');
    expect(lines().map(({ message }) => message)).toEqual(['yes']);
    const silent = await open('silent');
    silent.log.error({}, 'no');
    expect(silent.lines()).toEqual([]);
  });

  it('shows no secret in bindings, fields, messages or errors', async () => {
    const { log, text } = await open('info', { binding: 'the-secret' });
    const error = fatal('auth', { what: 'bad the-secret', cause: new Error('the-secret') });
    log.error({ error, deep: { list: ['the-secret'] }, password: 'other' }, 'because of the-secret');
    expect(text()).not.toMatch(/the-secret|other/);
    expect(text()).toContain('because of ***');
  });

  it('writes errors with kind, code, stack and cause', async () => {
    const { log, lines } = await open('info');
    log.error({ error: fatal('auth', { what: 'no entry', cause: new Error('inner') }) }, 'failed');
    expect(lines()[0]?.error).toMatchObject({
      name: 'CatchmentError',
      message: 'no entry',
      kind: 'fatal',
      code: 'auth',
      cause: { name: 'Error', message: 'inner' },
      stack: expect.stringContaining('log.test.ts'),
    });
  });

  it('writes bigint, dates, sets and circles', async () => {
    const { log, lines } = await open('info');
    const circle: Record<string, unknown> = { id: 7300000000000000123n, day: new Date(0), set: new Set([1]) };
    circle.self = circle;
    log.info(circle, 'x');
    expect(lines()[0]).toMatchObject({
      id: '7300000000000000123',
      day: '1970-01-01T00:00:00.000Z',
      set: [1],
    });
  });
});

async function open(level: LogLevel, bindings: Record<string, unknown> = {}) {
  const written: string[] = [];
  const log = await createLog({
    level,
    bindings,
    redactor: createRedactor(['the-secret']),
    destination: { write: (line) => written.push(line) },
  });
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, text: () => written.join('') };
}

function isIso(time: unknown): boolean {
  return typeof time === 'string' && new Date(time).toISOString() === time;
}
