import { afterAll, beforeAll } from 'vitest';
import type { PostgresServer } from '../../../../tests/setup/postgres.ts';
import { startPostgres } from '../../../../tests/setup/postgres.ts';
import { warehouseConformance } from '../conformance.ts';
import { openPostgres } from './warehouse.ts';

let server: PostgresServer;
const databases = new Map<string, Promise<string>>();

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

warehouseConformance(
  'PostgreSQL',
  async (place) => {
    const database = databases.get(place) ?? server.createDatabase();
    databases.set(place, database);
    const { host, port, user, password } = server;
    return openPostgres(
      { name: 'main', kind: 'postgres', host, port, database: await database },
      { user, password },
    );
  },
  { holdsNul: false },
);
