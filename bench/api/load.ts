import type { SourceCode } from '../../functions/core/extract.ts';
import { extract } from '../../functions/tiktok-marketing/extract.ts';
import { credentials } from '../../functions/tiktok-marketing/sandbox/oauth.ts';
import { source } from '../../functions/tiktok-marketing/source.ts';
import { loadSchema } from '../../infra/estate/schemas.ts';
import { measure } from '../child.ts';
import { root } from '../compare.ts';
import { openRun } from '../run-once.ts';
import { firstDay, today } from './days.ts';
import type { ApiLoad } from './load-by-hand.ts';

const schema = 'tiktok-marketing/ad_report_daily';

/** A whole run of the pipeline, as a deployed handler does it, but for the vendor's rate limits. */
await measure<ApiLoad>(({ baseUrl, path, advertiserIds }) => {
  const { tables, http } = source;
  if (http === undefined) throw new Error('the source declares no http');
  return openRun({
    path,
    source: { ...source, http: { ...http, limits: [] } },
    code: { extract } as unknown as SourceCode,
    schemas: { [schema]: loadSchema(root, schema) },
    settings: { advertiserIds },
    tables: [{ ...tables.ad_report_daily, declared: 'ad_report_daily', name: 'report', schema }],
    secret: credentials,
    baseUrl,
    now: () => new Date(today),
    since: firstDay,
  });
});
