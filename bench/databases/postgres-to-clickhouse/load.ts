import type { SourceCode } from '../../../functions/core/extract.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { runPipeline } from '../../../functions/core/run/run.ts';
import { openWarehouse } from '../../../functions/core/warehouses/open.ts';
import { extract } from '../../../functions/database/extract.ts';
import { source } from '../../../functions/database/source.ts';
import { measure } from '../../child.ts';
import { benchColumns, benchTable } from '../dataset.ts';

export interface ClickhouseLoad {
  /** The PostgreSQL server. */
  readonly from: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** The ClickHouse server. */
  readonly url: string;
  readonly secret: { readonly user: string; readonly password: string };
  readonly writeMode: 'append' | 'replace';
}

/** A whole run of one slice by the database source. */
await measure<ClickhouseLoad>(async ({ from, url, secret, writeMode }) => {
  const { host, port, database, user, password } = from;
  const config = { name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' } as const;
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
        settings: { kind: 'postgres', host, port, database },
      },
    ],
    schedule: { ...source.schedule, paused: false },
    runsOn: 'job',
  };
  const warehouse = await openWarehouse(config, { root: '/', secret });
  return async () => {
    const { run } = await runPipeline({
      ...{ pipeline, group: 'bench', source, warehouse, secret: { user, password }, trigger: 'test' },
      code: { extract } as unknown as SourceCode,
      schemas: { 'bench/rows': benchColumns },
    });
    await warehouse.close();
    if (run.status !== 'succeeded') throw new Error(`the run ended ${run.status}: ${run.error}`);
  };
});
