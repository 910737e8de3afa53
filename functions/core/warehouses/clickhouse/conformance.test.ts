import { afterAll, beforeAll, describe } from 'vitest';
import type { ClickhouseServer } from '../../../../tests/setup/clickhouse.ts';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import { warehouseConformance } from '../conformance.ts';
import { firstDay, lastDay } from './types.ts';
import { openClickhouse } from './warehouse.ts';

describe.skipIf(unavailable('clickhouse') !== undefined)('in a server of its own', () => {
  let server: ClickhouseServer;
  const places = new Set<string>();

  beforeAll(async () => {
    server = await startClickhouse();
  });

  afterAll(async () => {
    await server.stop();
  });

  const open = async (place: string) => {
    // One server for all: a new place begins without databases.
    if (!places.has(place)) {
      for (const name of ['conformance', 'catchment', 'catchment_staging'])
        await server.run(`DROP DATABASE IF EXISTS ${name} SYNC`);
      places.add(place);
    }
    const { url, user, password } = server;
    return openClickhouse(
      { name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' },
      { user, password },
    );
  };

  warehouseConformance('ClickHouse', open, {
    days: { start: firstDay, end: lastDay },
    // Bytes are text to ClickHouse, and a JSON answer cannot hold all of them.
    readTypes: (bench, columns) => {
      const shown = columns.map((name) => (name === 'raw' ? 'hex(raw)' : name));
      return bench.rows(`select ${shown.join(', ')} from conformance.everything order by id`);
    },
  });
});
