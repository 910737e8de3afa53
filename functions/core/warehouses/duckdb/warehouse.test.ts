import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { warehouseConformance } from '../conformance.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

warehouseConformance('DuckDB', (place) => openDuckdb({ path: join(folder, `${place}.duckdb`) }));
