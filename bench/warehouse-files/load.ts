import type { FileRef, SourceCode } from '../../functions/core/extract.ts';
import type { Pipeline, WarehouseConfig } from '../../functions/core/pipeline.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import { discover, extract } from '../../functions/files/extract.ts';
import { source } from '../../functions/files/source.ts';
import { measure } from '../child.ts';
import { orderColumns } from './dataset.ts';

interface Input {
  readonly config: WarehouseConfig;
  readonly secret?: unknown;
  readonly folder: string;
  readonly name: string;
  readonly format: FileRef['format'];
}

const schema = 'files/orders';

/** A whole run of the pipeline with the one table. */
await measure<Input>(async ({ config, secret, folder, name, format }) => {
  const pipeline: Pipeline = {
    name: `bench-${name.replace(/\W+/g, '-')}`,
    source: 'files',
    warehouse: config,
    dataset: 'loaded',
    tables: [
      {
        ...{ declared: 'orders', name: 'orders', schema, key: [], writeMode: 'replace' },
        cursor: { kind: 'objects' },
        options: { path: name, format },
      },
    ],
    groups: [{ name: 'bench', timeZone: 'UTC', sandbox: false, settings: { root: folder } }],
    schedule: { ...source.schedule, paused: false },
    runsOn: 'job',
  };
  const warehouse = await openWarehouse(config, { root: '/', secret });
  return async () => {
    const { run } = await runPipeline({
      ...{ pipeline, group: 'bench', source, warehouse, secret: {}, trigger: 'test' },
      code: { extract, discover } as unknown as SourceCode,
      schemas: { [schema]: orderColumns },
    });
    await warehouse.close();
    if (run.status !== 'succeeded') throw new Error(`the run ended ${run.status}: ${run.error}`);
  };
});
