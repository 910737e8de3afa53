import { join } from 'node:path';
import type { SourceCode } from '../../functions/core/extract.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import { extract } from '../../functions/tiktok-marketing/extract.ts';
import { credentials } from '../../functions/tiktok-marketing/sandbox/oauth.ts';
import { source } from '../../functions/tiktok-marketing/source.ts';
import { loadSchemas } from '../../infra/estate/schemas.ts';
import { measure } from '../child.ts';
import { firstDay, today } from './days.ts';
import type { ApiLoad } from './load-by-hand.ts';

const root = join(import.meta.dirname, '../..');

/** A whole run of the pipeline, as a deployed handler does it, but for the vendor's rate limits. */
await measure<ApiLoad>(async ({ baseUrl, path, advertiserIds }) => {
  const { schedule, tables, http } = source;
  if (http === undefined) throw new Error('the source declares no http');
  const pipeline: Pipeline = {
    name: 'tiktok-marketing',
    source: 'tiktok-marketing',
    warehouse: { name: 'main', kind: 'duckdb', path },
    dataset: 'loaded',
    tables: [
      {
        ...tables.ad_report_daily,
        declared: 'ad_report_daily',
        name: 'report',
        schema: 'tiktok-marketing/ad_report_daily',
      },
    ],
    groups: [{ name: 'bench', timeZone: 'UTC', sandbox: true, settings: { advertiserIds } }],
    schedule: { ...schedule, paused: false },
    runsOn: 'function',
    since: firstDay,
  };
  const warehouse = await openWarehouse(pipeline.warehouse, { root });
  const summary = await runPipeline({
    pipeline,
    group: 'bench',
    source: { ...source, http: { ...http, limits: [] } },
    code: { extract } as unknown as SourceCode,
    schemas: loadSchemas(root, pipeline),
    warehouse,
    secret: credentials,
    trigger: 'test',
    baseUrl,
    now: () => new Date(today),
  });
  await warehouse.close();
  if (summary.run.status !== 'succeeded')
    throw new Error(`the run ended ${summary.run.status}: ${summary.run.error}`);
});
