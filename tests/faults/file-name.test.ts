import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { duckdbPlace, openCounter, runCounter } from '../crash/counter-run.ts';

it.each(['crash', 'catchment', 'memory', 'temp', 'main', "it's a-file"])(
  'loads into a DuckDB file called %s, like the dataset, the ledger or a word of DuckDB',
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'catchment-name-'));
    const place = duckdbPlace(join(folder, `${name}.duckdb`));
    const warehouse = await openCounter(place);
    try {
      const { run } = await runCounter({ mode: 'merge', place, warehouse });
      expect(run.status).toBe('succeeded');
      expect((await warehouse.query('select count(*) from crash.merge')).rows).toEqual([[15]]);
      expect((await warehouse.query('select count(*) from catchment.runs')).rows).toEqual([[1]]);
    } finally {
      await warehouse.close();
      rmSync(folder, { recursive: true });
    }
  },
);
