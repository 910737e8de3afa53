import type { WarehouseConfig } from '../../pipeline.ts';
import type { Warehouse } from '../warehouse.ts';

export function openClickhouse(
  _config: Extract<WarehouseConfig, { kind: 'clickhouse' }>,
  _secret: unknown,
): Promise<Warehouse> {
  return Promise.reject(new Error('clickhouse: written next'));
}
