import { expect } from 'vitest';
import { usePostgres } from '../setup/use-postgres.ts';
import { crashMatrix } from './matrix.ts';

const server = usePostgres();

crashMatrix('PostgreSQL', {
  async create() {
    const { host, port, user, password } = server();
    const database = await server().createDatabase();
    return { config: { name: 'main', kind: 'postgres', host, port, database }, secret: { user, password } };
  },
  async check(warehouse) {
    const { rows } = await warehouse.query(
      `select count(*) from pg_tables where schemaname = 'catchment_stage'`,
    );
    expect(rows, 'stages of the dead').toEqual([[0]]);
  },
});
