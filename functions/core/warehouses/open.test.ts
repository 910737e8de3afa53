import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { startEmulator } from './bigquery/sandbox/server.ts';
import { openWarehouse } from './open.ts';

const config = { name: 'main', kind: 'bigquery', project: 'acme', location: 'EU' } as const;

afterEach(() => vi.unstubAllEnvs());

it('opens a DuckDB file below the root and creates its folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'catchment-open-'));
  const warehouse = await openWarehouse({ name: 'main', kind: 'duckdb', path: 'new/main.duckdb' }, { root });
  expect(warehouse.kind).toBe('duckdb');
  await warehouse.close();
  await rm(root, { recursive: true });
});

it('asks for a dataset before it opens BigQuery', async () => {
  await expect(openWarehouse(config, { root: '/' })).rejects.toMatchObject({
    kind: 'fatal',
    code: 'bad-input',
    message: '[main] a BigQuery warehouse is opened for one dataset, and none was named; name the pipeline',
  });
});

it('opens BigQuery at the stand-in that the environment names', async () => {
  const emulator = await startEmulator({ project: 'acme', location: 'EU', datasets: ['marts'] });
  vi.stubEnv('CATCHMENT_BIGQUERY_URL', emulator.url);
  vi.stubEnv('CATCHMENT_METADATA_URL', emulator.url);
  const warehouse = await openWarehouse(config, { root: '/', dataset: 'marts' });
  expect(await warehouse.ledger.runs({ limit: 1 })).toEqual([]);
  expect(emulator.catalog.names('marts')).toEqual([
    'catchment_cursors',
    'catchment_drift',
    'catchment_quarantine',
    'catchment_runs',
    'catchment_slices',
  ]);
  await emulator.close();
});
