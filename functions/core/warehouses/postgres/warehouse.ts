import type { WarehouseConfig } from '../../pipeline.ts';
import type { Warehouse } from '../warehouse.ts';

export function openPostgres(
  _config: Extract<WarehouseConfig, { kind: 'postgres' }>,
  _secret: unknown,
): Promise<Warehouse> {
  return Promise.reject(new Error('postgres: written next'));
}
