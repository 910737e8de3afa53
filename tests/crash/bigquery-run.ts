import { openBigquery } from '../../functions/core/warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { CounterPlace } from './counter-run.ts';

export const place = { project: 'acme', location: 'EU' } as const;

/** What the run is told; its warehouse is opened below, at an emulator. */
export const bigqueryPlace: CounterPlace = { config: { name: 'main', kind: 'bigquery', ...place } };

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
