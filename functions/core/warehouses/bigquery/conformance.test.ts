import { afterAll } from 'vitest';
import { warehouseConformance } from '../conformance.ts';
import type { Emulator } from './sandbox/server.ts';
import { startEmulator } from './sandbox/server.ts';
import { openBigquery } from './warehouse.ts';

const places = new Map<string, Promise<Emulator>>();

afterAll(async () => {
  for (const emulator of places.values()) await (await emulator).close();
});

warehouseConformance('BigQuery, in an emulator', async (place) => {
  const known = places.get(place);
  const starting = known ?? startEmulator({ project: 'acme', location: 'EU', datasets: ['conformance'] });
  places.set(place, starting);
  const { url } = await starting;
  const warehouse = openBigquery({
    project: 'acme',
    location: 'EU',
    dataset: 'conformance',
    bigqueryUrl: url,
    metadataUrl: url,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
  });
  return {
    ...warehouse,
    // The suite names the ledger as DuckDB does; here it stands in the pipeline's dataset.
    query: (sql) => warehouse.query(sql.replaceAll('catchment.', 'conformance.catchment_')),
  };
});
