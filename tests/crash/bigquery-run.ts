import { openBigquery } from '../../functions/core/warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';

export const place = { project: 'acme', location: 'EU' } as const;

/** The warehouse of the counter source's pipeline at an emulator; its waits pass fifty times faster. */
export function openCounterOnBigquery(url: string): Warehouse {
  return openBigquery({
    ...place,
    dataset: 'crash',
    bigqueryUrl: url,
    metadataUrl: url,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
  });
}
