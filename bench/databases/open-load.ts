import type { SourceCode } from '../../functions/core/extract.ts';
import type { Pipeline, WarehouseConfig } from '../../functions/core/pipeline.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import { extract } from '../../functions/database/extract.ts';
import { source } from '../../functions/database/source.ts';
import { benchColumns, benchTable } from './dataset.ts';

/** One load of the benchmark's table by the source `database`. */
export interface TableLoad {
  readonly warehouse: WarehouseConfig;
  /** Of the warehouse. */
  readonly warehouseSecret?: unknown;
  /** Of the source's group. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: { readonly user: string; readonly password: string };
  /** @default "replace" */
  readonly writeMode?: 'append' | 'replace';
}

/** Opens a warehouse for a whole run of one slice, into `loaded.rows`, and returns that run. */
export async function openLoad({
  warehouse: config,
  warehouseSecret,
  settings,
  secret,
  writeMode = 'replace',
}: TableLoad): Promise<() => Promise<void>> {
  const pipeline: Pipeline = {
    name: 'bench',
    source: 'database',
    warehouse: config,
    dataset: 'loaded',
    tables: [
      {
        ...{ declared: 'rows', name: 'rows', schema: 'bench/rows', key: [], writeMode },
        cursor: { kind: 'snapshot' },
        options: { from: benchTable, chunkRows: 5_000_000 },
      },
    ],
    groups: [{ name: 'bench', timeZone: 'UTC', sandbox: false, settings }],
    schedule: { ...source.schedule, paused: false },
    runsOn: 'job',
  };
  const warehouse = await openWarehouse(config, { root: '/', secret: warehouseSecret });
  return async () => {
    const { run } = await runPipeline({
      ...{ pipeline, group: 'bench', source, warehouse, secret, trigger: 'test' },
      code: { extract } as unknown as SourceCode,
      schemas: { 'bench/rows': benchColumns },
    });
    await warehouse.close();
    if (run.status !== 'succeeded') throw new Error(`the run ended ${run.status}: ${run.error}`);
  };
}
