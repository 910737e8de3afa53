import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { WriteMode } from '../../functions/core/cursor.ts';
import { writeModes } from '../../functions/core/cursor.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { CounterPlace } from './counter-run.ts';
import {
  accounts,
  afterTheTerm,
  dataset,
  firstDay,
  lastDay,
  now,
  openCounter,
  runCounter,
} from './counter-run.ts';
import { daysOf, rowsOf } from './counter-source.ts';

/** How a kind of warehouse takes part in the crash matrix. */
export interface CrashPlaces {
  /** An empty warehouse of its own for each name. */
  create(name: string): CounterPlace | Promise<CounterPlace>;
  /** Called when a place is not needed any more. */
  remove?(place: CounterPlace): Promise<void>;
  /** The table of a write mode in SQL. @default crash."<mode>" */
  table?(mode: WriteMode): string;
  /** Looks at the warehouse after the run that followed the crash: does anything of the dead one lie around? */
  check?(warehouse: Warehouse): Promise<void>;
}

const child = join(import.meta.dirname, 'child.ts');

/**
 * For every write mode: a process is killed after its first side effect, another after its second, and so on; what the
 * next run leaves in the warehouse must be what a run without a crash leaves.
 */
export function crashMatrix(kind: string, places: CrashPlaces): void {
  describe.each(writeModes)(`a run on ${kind} with write mode %s`, (mode) => {
    it('loses nothing and doubles nothing, whichever side effect it dies after', {
      timeout: 240_000,
    }, async () => {
      const place = await places.create(`${mode}-whole`);
      const whole = await runChild(mode, place, 0);
      await places.remove?.(place);
      const effects = Number(whole.stdout);
      expect(effects).toBeGreaterThan(8);
      const points = Array.from({ length: effects }, (_, index) => index + 1);
      // Two at a time: the machines this runs on have two cores.
      const lanes = [0, 1].map((lane) => points.filter((point) => point % 2 === lane));
      await Promise.all(
        lanes.map(async (lane) => {
          for (const point of lane) await dieAfter({ places, mode, point });
        }),
      );
    });
  });
}

interface Death {
  readonly places: CrashPlaces;
  readonly mode: WriteMode;
  /** Number of the side effect. */
  readonly point: number;
}

async function dieAfter(death: Death): Promise<void> {
  const { places, mode, point } = death;
  const place = await places.create(`${mode}-at-${point}`);
  const died = await runChild(mode, place, point);
  expect(died, where(death)).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  const warehouse = await openCounter(place);
  try {
    await expectCursorBehindData(death, warehouse);
    const clock = warehouse.exclusive ? () => now : afterTheTerm;
    const summary = await runCounter({ mode, place, warehouse, now: clock });
    expect(summary.run.status, where(death)).toBe('succeeded');
    await expectWhole(death, warehouse);
    await places.check?.(warehouse);
  } finally {
    await warehouse.close();
    await places.remove?.(place);
  }
}

async function expectWhole(death: Death, warehouse: Warehouse): Promise<void> {
  const table = await warehouse.query(`select day, id, value from ${tableOf(death)} order by day, id, value`);
  expect(table.rows, where(death)).toEqual(expectedRows(death.mode));
  if (death.mode === 'replace') return;
  const cursors = await cursorsOf(warehouse);
  expect(cursors, where(death)).toEqual(accounts.map((account) => [account, lastDay]));
}

/** Every day up to the cursor is in the table, straight after the kill. */
async function expectCursorBehindData(death: Death, warehouse: Warehouse): Promise<void> {
  if (death.mode === 'replace') return;
  for (const [origin, value] of await cursorsOf(warehouse)) {
    const loaded = await warehouse.query(
      `select count(*) from ${tableOf(death)} where _origin = '${origin}' and day <= '${value}'`,
    );
    const due = daysOf(firstDay, String(value)).length * 3;
    expect(Number(loaded.rows[0]?.[0]), where(death)).toBe(due);
  }
}

async function cursorsOf(warehouse: Warehouse) {
  const { cursors } = await warehouse.ledger.state({ pipeline: 'counter', group: 'g', lane: 'incremental' });
  return cursors.map(({ origin, value }) => [origin, value]).sort();
}

function expectedRows(mode: WriteMode): unknown[][] {
  const days = mode === 'replace' ? ['2026-11-01'] : daysOf(firstDay, lastDay);
  return accounts
    .flatMap((account) => days.flatMap((day) => rowsOf(account, day)))
    .map(({ day, id, value }) => [day, id, value])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function tableOf({ places, mode }: Death): string {
  return places.table?.(mode) ?? `${dataset}."${mode}"`;
}

function where({ mode, point }: Death): string {
  return `${mode} after effect ${point}`;
}

/** `point` 0 never comes: the child runs to its end and prints how many side effects it had. */
async function runChild(
  mode: WriteMode,
  place: CounterPlace,
  point: number,
): Promise<{ stdout: string; signal: string | null }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      child,
      mode,
      JSON.stringify(place),
      String(point),
    ]);
    return { stdout: stdout.trim(), signal: null };
  } catch (error) {
    const { stdout, signal, stderr } = error as { stdout: string; stderr: string; signal: string | null };
    if (signal === null) throw new Error(`the child failed: ${stderr}`, { cause: error });
    return { stdout: stdout.trim(), signal };
  }
}
