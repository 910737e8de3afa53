import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { crashMatrix } from './matrix.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-crash-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

crashMatrix('SQLite', {
  create: (name) => ({ config: { name: 'main', kind: 'sqlite', path: join(folder, `${name}.db`) } }),
  table: (mode) => `"crash_${mode}"`,
  async check(warehouse) {
    const stages = `select name from sqlite_schema where name glob 'catchment_stage_*'`;
    expect((await warehouse.query(stages)).rows).toEqual([]);
  },
});
