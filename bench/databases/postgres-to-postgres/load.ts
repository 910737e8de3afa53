import type { SourceCode } from '../../../functions/core/extract.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { runPipeline } from '../../../functions/core/run/run.ts';
import { openWarehouse } from '../../../functions/core/warehouses/open.ts';
import { extract } from '../../../functions/database/extract.ts';
import { source } from '../../../functions/database/source.ts';
import { measure } from '../../child.ts';
import { benchColumns, benchTable } from '../dataset.ts';

interface Input {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly database: string;
  readonly writeMode: 'append' | 'replace';
}

/** A whole run of one slice by the database source. */
await measure<Input>(async ({ host, port, user, password, from, database, writeMode }) => {
  const config = { name: 'main', kind: 'postgres', host, port, database } as const;
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
    groups: [
      {
        ...{ name: 'bench', timeZone: 'UTC', sandbox: false },
        settings: { kind: 'postgres', host, port, database: from },
      },
    ],
    schedule: { ...source.schedule, paused: false },
    runsOn: 'job',
  };
  const secret = { user, password };
  const warehouse = await openWarehouse(config, { root: '/', secret });
  return async () => {
    const { run } = await runPipeline({
      ...{ pipeline, group: 'bench', source, warehouse, secret, trigger: 'test' },
      code: { extract } as unknown as SourceCode,
      schemas: { 'bench/rows': benchColumns },
    });
    await warehouse.close();
    if (run.status !== 'succeeded') throw new Error(`the run ended ${run.status}: ${run.error}`);
  };
});
