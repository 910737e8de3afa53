import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { duckdbPlace } from './counter-run.ts';
import { crashMatrix } from './matrix.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-crash-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

crashMatrix('DuckDB', { create: (name) => duckdbPlace(join(folder, `${name}.duckdb`)) });
