import type { Pipeline } from '../functions/core/pipeline.ts';
import type { RunRequest } from '../functions/core/run/request.ts';
import { runPipeline } from '../functions/core/run/run.ts';
import { openWarehouse } from '../functions/core/warehouses/open.ts';
import { memoryLimit } from './duckdb.ts';

type Given = Pick<RunRequest, 'source' | 'code' | 'schemas' | 'secret' | 'baseUrl' | 'now'>;

export interface BenchRun extends Given {
  /** The DuckDB file. */
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tables: Pipeline['tables'];
  readonly since?: string;
}

/** Opens a warehouse for one whole run of a pipeline, into the schema `loaded`, and returns that run. */
export async function openRun({
  path,
  settings,
  tables,
  since,
  ...request
}: BenchRun): Promise<() => Promise<void>> {
  const pipeline: Pipeline = {
    name: 'bench',
    source: 'bench',
    warehouse: { name: 'main', kind: 'duckdb', path, memoryLimit },
    dataset: 'loaded',
    tables,
    groups: [{ name: 'bench', timeZone: 'UTC', sandbox: false, settings }],
    schedule: { ...request.source.schedule, paused: false },
    runsOn: request.source.runsOn,
    since,
  };
  const warehouse = await openWarehouse(pipeline.warehouse, { root: '/' });
  return async () => {
    const { run } = await runPipeline({ ...request, pipeline, group: 'bench', warehouse, trigger: 'test' });
    await warehouse.close();
    if (run.status !== 'succeeded') throw new Error(`the run ended ${run.status}: ${run.error}`);
  };
}
