import type { Warehouse } from '../warehouse.ts';

export function openSqlite(_options: { readonly path: string }): Promise<Warehouse> {
  return Promise.reject(new Error('sqlite: written next'));
}
