import type { DayWindow, WriteMode } from '../functions/core/cursor.ts';
import { parseOrder } from '../functions/core/entries/order.ts';
import { fatal } from '../functions/core/errors.ts';
import type { Target } from '../twin/select.ts';

/** Options of the command line that say which days are loaded and how. */
export interface OrderOptions {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly months?: string | undefined;
  readonly writeMode?: string | undefined;
  readonly resnapshot?: boolean | undefined;
}

export interface TargetOrder {
  readonly window?: DayWindow | undefined;
  readonly writeMode?: WriteMode | undefined;
}

const group = '--group';
const writeMode = '--write-mode';

/**
 * The days and the write mode for one target of `run` (by `--from` and `--to`, or none) or `backfill` (by `--months`).
 *
 * @throws fatal `bad-input` that names the option, what came and what is allowed
 */
export function parseTargetOrder(
  target: Target,
  options: OrderOptions,
  command: 'run' | 'backfill',
  now: Date,
): TargetOrder {
  const days =
    command === 'run' ? { from: '--from', to: '--to', resnapshot: '--resnapshot' } : { months: '--months' };
  const fields = {
    [group]: target.group.name,
    [writeMode]: options.writeMode,
    ...(command === 'run'
      ? { '--from': options.from, '--to': options.to, '--resnapshot': options.resnapshot }
      : { '--months': options.months }),
  };
  const names = { group, writeMode, ...days };
  const order = parseOrder(fields, { pipeline: target.pipeline, names, now });
  return { window: order.window, writeMode: order.writeMode };
}

/** @throws fatal `bad-input` unless it is a TCP port */
export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw fatal('bad-input', { what: '--sandbox-port is not a port', got: text, allowed: '1 to 65535' });
  return port;
}

/** @throws fatal `bad-input` unless it is a whole number up to a thousand */
export function parseCount(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1000) return Number(text);
  throw fatal('bad-input', { what: `${option} is not a number of rows`, got: text, allowed: '0 to 1000' });
}
