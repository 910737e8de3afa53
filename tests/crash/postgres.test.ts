import { afterAll, beforeAll, expect } from 'vitest';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { crashMatrix } from './matrix.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

crashMatrix('PostgreSQL', {
  async create() {
    const { host, port, user, password } = server;
    const database = await server.createDatabase();
    return { config: { name: 'main', kind: 'postgres', host, port, database }, secret: { user, password } };
  },
  async check(warehouse) {
    const { rows } = await warehouse.query(
      `select count(*) from pg_tables where schemaname = 'catchment_stage'`,
    );
    expect(rows, 'stages of the dead').toEqual([[0]]);
  },
});
