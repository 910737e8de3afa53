import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WriteMode } from '../../functions/core/cursor.ts';
import { writeModes } from '../../functions/core/cursor.ts';
import { accounts, firstDay, lastDay, openCounter, runCounter } from './counter-run.ts';
import { daysOf, rowsOf } from './counter-source.ts';

const child = join(import.meta.dirname, 'child.ts');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-crash-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(writeModes)('a run with write mode %s', (mode) => {
  it('loses nothing and doubles nothing, whichever side effect it dies after', {
    timeout: 240_000,
  }, async () => {
    const whole = await runChild(mode, 'whole', 0);
    const effects = Number(whole.stdout);
    expect(effects).toBeGreaterThan(8);
    const points = Array.from({ length: effects }, (_, index) => index + 1);
    // Two at a time: the machines this runs on have two cores.
    await Promise.all(
      [0, 1].map((lane) =>
        dieAtEach(
          mode,
          points.filter((point) => point % 2 === lane),
        ),
      ),
    );
  });
});

async function dieAtEach(mode: WriteMode, points: readonly number[]): Promise<void> {
  for (const point of points) {
    const path = fileOf(mode, `at-${point}`);
    const died = await runChild(mode, `at-${point}`, point);
    expect(died, `${mode} after effect ${point}`).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const warehouse = await openCounter(path);
    try {
      await expectCursorBehindData(mode, warehouse, point);
      const summary = await runCounter({ mode, path, warehouse });
      expect(summary.run.status, `${mode} after effect ${point}`).toBe('succeeded');
      await expectWhole(mode, warehouse, point);
    } finally {
      await warehouse.close();
      await rm(path, { force: true });
    }
  }
}

type Warehouse = Awaited<ReturnType<typeof openCounter>>;

async function expectWhole(mode: WriteMode, warehouse: Warehouse, point: number): Promise<void> {
  const table = await warehouse.query(`select day, id, value from crash."${mode}" order by all`);
  expect(table.rows, `${mode} after effect ${point}`).toEqual(expectedRows(mode));
  if (mode === 'replace') return;
  const cursors = await warehouse.query(`select origin, value from catchment.cursors order by origin`);
  expect(cursors.rows, `${mode} after effect ${point}`).toEqual(
    accounts.map((account) => [account, lastDay]),
  );
}

/** Every day up to the cursor is in the table, straight after the kill. */
async function expectCursorBehindData(mode: WriteMode, warehouse: Warehouse, point: number): Promise<void> {
  const tables = await warehouse.query(
    `select table_name from information_schema.tables where table_schema in ('catchment', 'crash')`,
  );
  const names = tables.rows.map(([name]) => name);
  if (!names.includes('cursors') || !names.includes(mode) || mode === 'replace') return;
  const cursors = await warehouse.query('select origin, value from catchment.cursors');
  for (const [origin, value] of cursors.rows) {
    const loaded = await warehouse.query(
      `select count(*) from crash."${mode}" where _origin = '${String(origin)}' and day <= '${String(value)}'`,
    );
    const due = daysOf(firstDay, String(value)).length * 3;
    expect(Number(loaded.rows[0]?.[0]), `${mode} after effect ${point}`).toBe(due);
  }
}

function expectedRows(mode: WriteMode): unknown[][] {
  const days = mode === 'replace' ? ['2026-11-01'] : daysOf(firstDay, lastDay);
  return accounts
    .flatMap((account) => days.flatMap((day) => rowsOf(account, day)))
    .map(({ day, id, value }) => [day, id, value])
    .sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

function fileOf(mode: WriteMode, name: string): string {
  return join(folder, `${mode}-${name}.duckdb`);
}

/** `point` 0 never comes: the child runs to its end and prints how many side effects it had. */
async function runChild(
  mode: WriteMode,
  name: string,
  point: number,
): Promise<{ stdout: string; signal: string | null }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      child,
      mode,
      fileOf(mode, name),
      String(point),
    ]);
    return { stdout: stdout.trim(), signal: null };
  } catch (error) {
    const { stdout, signal, stderr } = error as { stdout: string; stderr: string; signal: string | null };
    if (signal === null) throw new Error(`the child failed: ${stderr}`, { cause: error });
    return { stdout: stdout.trim(), signal };
  }
}
