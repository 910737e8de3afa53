import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { warehouseConformance } from '../conformance.ts';
import { openSqlite } from './warehouse.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-sqlite-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

warehouseConformance(
  'SQLite',
  async (place) => {
    const warehouse = await openSqlite({ path: join(folder, `${place}.db`) });
    return {
      ...warehouse,
      // The suite names schemas, which are prefixes here.
      query: (sql) => warehouse.query(sql.replaceAll(/\b(catchment|conformance)\./g, '$1_')),
    };
  },
  { items: 'conformance_items' },
);
