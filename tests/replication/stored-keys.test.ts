import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableTarget } from '../../functions/core/pipeline.ts';
import { createRowChecker } from '../../functions/core/rows/check.ts';
import { storedKeys } from '../../functions/core/run/stored-keys.ts';
import type { Column, ColumnType } from '../../functions/core/schema.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { ClickhouseServer } from '../setup/clickhouse.ts';
import { startClickhouse } from '../setup/clickhouse.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { unavailable } from '../setup/unavailable.ts';
import { dataset } from './pipeline.ts';
import type { WarehousePlace } from './warehouse-place.ts';
import { createPlace } from './warehouse-place.ts';

/** For each type of a key: values that are stored, how a source may spell them again, and values that are not. */
const keys: readonly [ColumnType, stored: unknown[], again: unknown[], others: unknown[]][] = [
  ['INTEGER', ['-9223372036854775808', '7', null], ['-9223372036854775808', '7', null], ['8']],
  [
    'NUMERIC',
    ['12345678901234567890123456789.000000001', '1.5'],
    ['12345678901234567890123456789.000000001', '1.50'],
    ['12345678901234567890123456789.000000002'],
  ],
  [
    'BIGNUMERIC',
    ['0.00000000000000000000000000000000000001', '2'],
    ['0.00000000000000000000000000000000000001', '2.0'],
    ['0.00000000000000000000000000000000000002'],
  ],
  ['FLOAT', ['0.1', '1e300', 'NaN', '-Infinity'], ['0.1', '1e+300', 'NaN', '-Infinity'], ['0.2', 'Infinity']],
  ['BOOLEAN', [true, null], [true, null], [false]],
  ['STRING', ['a', 'é ünï'], ['a', 'é ünï'], ['A', '']],
  ['DATE', ['2026-11-01', null], ['2026-11-01', null], ['2026-11-02']],
  ['TIME', ['23:59:59.5', '00:00:00'], ['23:59:59.5', '00:00:00'], ['23:59:59']],
  [
    'DATETIME',
    ['1969-12-31 23:59:59.999999', '2026-11-01 10:00:00.5'],
    ['1969-12-31 23:59:59.999999', '2026-11-01 10:00:00.5'],
    ['2026-11-01 10:00:00'],
  ],
  [
    'TIMESTAMP',
    ['1969-12-31 23:59:59.999999', '2026-11-01 10:00:00.5', '2026-11-01 10:00:00'],
    ['1969-12-31 23:59:59.999999+00:00', '2026-11-01 12:00:00.5+02:00', '2026-11-01 10:00:00Z'],
    ['2026-11-01 10:00:01'],
  ],
  [
    'BYTES',
    [Buffer.from('00ff27', 'hex'), Buffer.from('')],
    [Buffer.from('00ff27', 'hex'), Buffer.from('')],
    [Buffer.from('00ff', 'hex')],
  ],
];

const now = new Date('2026-11-12T06:00:00Z');

describe.each(['duckdb', 'sqlite', 'postgres', 'clickhouse', 'bigquery'] as const)('keys in %s', (kind) => {
  const isMissing = kind === 'clickhouse' && unavailable('clickhouse') !== undefined;
  describe.skipIf(isMissing)('are found', () => {
    let postgres: PostgresServer;
    let clickhouse: ClickhouseServer | undefined;
    let place: WarehousePlace;
    let warehouse: Warehouse;

    beforeAll(async () => {
      postgres = await startPostgres();
      if (kind === 'clickhouse') clickhouse = await startClickhouse();
      place = await createPlace(kind, { postgres, clickhouse });
      warehouse = await place.open();
    });
    afterAll(async () => {
      await warehouse.close();
      await place.remove();
      await clickhouse?.stop();
      await postgres.stop();
    });

    /** A table whose key is one column of this type, with these values. */
    async function store(type: ColumnType, values: readonly unknown[]): Promise<TableTarget> {
      const columns: readonly Column[] = [{ name: 'id', type, mode: 'NULLABLE' }];
      const name = `by_${type.toLowerCase()}`;
      const target: TableTarget = {
        ...{ declared: name, name, dataset, schema: `t/${name}`, columns, key: ['id'] },
        ...{ writeMode: 'merge', cursor: { kind: 'log' } },
      };
      await warehouse.prepare([target]);
      const lane = { pipeline: name, group: 'g', lane: 'incremental' } as const;
      const lease = await warehouse.ledger.acquire({
        ...{ ...lane, holder: 'host/run', process: 'host', termMs: 600_000, now },
      });
      const { batch, quarantined } = createRowChecker(columns, { origin: '-' }).check(
        values.map((id) => ({ id })),
      );
      expect(quarantined).toEqual([]);
      const stage = await warehouse.openStage(target, '-');
      await stage.append(batch);
      await warehouse.commit({
        ...{ lease, tables: [{ stage, writeMode: 'merge' }], origin: '-', quarantined: [], drift: [], now },
        slice: {
          ...{ ...lane, sliceId: name, table: name, origin: '-', runId: 'run', status: 'committed', at: now },
          ...{ rowsRead: values.length, rowsLoaded: values.length, rowsQuarantined: 0 },
        },
      });
      await stage.discard();
      return target;
    }

    it.each(keys)('when they are %s', async (type, stored, again, others) => {
      const target = await store(type, stored);
      const rows = [...again, ...others].map((id) => ({ id }));
      const found = await storedKeys(warehouse, target, rows);
      expect(rows.filter((row) => found?.has(row))).toEqual(again.map((id) => ({ id })));
    });
  });
});
