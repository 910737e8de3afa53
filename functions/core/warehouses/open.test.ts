import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWarehouse } from './open.ts';

it('opens a DuckDB file below the root and creates its folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'catchment-open-'));
  const warehouse = await openWarehouse({ name: 'main', kind: 'duckdb', path: 'new/main.duckdb' }, { root });
  expect(warehouse.kind).toBe('duckdb');
  await warehouse.close();
  await rm(root, { recursive: true });
});

it('says which kinds this version writes to', async () => {
  const config = { name: 'main', kind: 'bigquery', project: 'p', location: 'EU' } as const;
  await expect(openWarehouse(config, { root: '/' })).rejects.toMatchObject({
    kind: 'fatal',
    code: 'bad-input',
    message:
      '[main] this version plans warehouses of this kind, but cannot write to them yet: got "bigquery"; allowed: duckdb',
  });
});
