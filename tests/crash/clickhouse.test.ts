import { afterAll, describe, expect } from 'vitest';
import type { ClickhouseServer } from '../setup/clickhouse.ts';
import { startClickhouse } from '../setup/clickhouse.ts';
import { unavailable } from '../setup/unavailable.ts';
import { crashMatrix } from './matrix.ts';

describe.skipIf(unavailable('clickhouse') !== undefined)('in a server of its own', () => {
  const idle: ClickhouseServer[] = [];
  const busy = new Map<string, ClickhouseServer>();

  afterAll(async () => {
    for (const server of [...idle, ...busy.values()]) await server.stop();
  });

  crashMatrix('ClickHouse', {
    async create() {
      const server = idle.pop() ?? (await startClickhouse());
      for (const name of ['crash', 'catchment', 'catchment_staging'])
        await server.run(`DROP DATABASE IF EXISTS ${name} SYNC`);
      const { url, user, password } = server;
      busy.set(url, server);
      return {
        config: { name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' },
        secret: { user, password },
      };
    },
    async remove({ config }) {
      const url = config.kind === 'clickhouse' ? config.url : '';
      const server = busy.get(url);
      busy.delete(url);
      if (server !== undefined) idle.push(server);
    },
    async check(warehouse) {
      const { rows } = await warehouse.query(
        `select count(*) from system.tables where database = 'catchment_staging'`,
      );
      expect(rows, 'stages of the dead').toEqual([[0]]);
    },
  });
});
