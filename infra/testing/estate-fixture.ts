import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type AnySource, defineSource } from '../../functions/core/source.ts';
import type { EstateOptions } from '../estate.ts';

/** An API with accounts, a secret and daily figures. */
const ads = defineSource({
  title: 'Ads',
  docs: 'https://example.com/ads',
  hosts: ['ads.example.com'],
  runsOn: 'function',
  secret: z.strictObject({ token: z.string(), note: z.string().optional() }),
  settings: z.strictObject({
    accountIds: z.array(z.string().regex(/^\d+$/, 'digits only')).min(1, 'at least one account id'),
    level: z.enum(['ad', 'campaign']).default('ad'),
  }),
  accounts: 'accountIds',
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    report: {
      key: ['day', 'ad_id'],
      writeMode: 'replaceWindow',
      windowField: 'day',
      clusterBy: ['ad_id'],
      cursor: { kind: 'window', lag: 1, lookback: 3, maxSpan: 30 },
    },
    ads: { key: ['ad_id'], writeMode: 'replace', cursor: { kind: 'snapshot' } },
  },
});

/** Files: tables are named in the stack file, and there is no secret. */
const shelf = defineSource({
  title: 'Shelf',
  docs: 'https://example.com/shelf',
  hosts: [],
  runsOn: 'job',
  secret: z.strictObject({}),
  settings: z.strictObject({}),
  schedule: { cron: '30 7 * * 1', timeZone: 'Etc/UTC' },
  tables: {},
  openTables: {
    options: z.strictObject({ path: z.string(), format: z.enum(['csv', 'parquet']).optional() }),
    defaults: { key: [], writeMode: 'append', cursor: { kind: 'objects' } },
  },
});

const sources: Readonly<Record<string, AnySource>> = { ads, shelf };

const column = (name: string, type: string) => ({ name, type });

const schemas: Readonly<Record<string, unknown>> = {
  'ads/report': [column('day', 'DATE'), column('ad_id', 'STRING'), column('cost', 'NUMERIC')],
  'ads/ads': [column('ad_id', 'STRING'), column('name', 'STRING')],
  'shelf/books': [column('isbn', 'STRING'), column('sold_at', 'TIMESTAMP'), column('price', 'FLOAT')],
};

/** A project folder with two sources and their schemas, and how to read stack files in it. */
export function fixtureProject(changes: Readonly<Record<string, unknown>> = {}): EstateOptions {
  const root = mkdtempSync(join(tmpdir(), 'catchment-estate-'));
  for (const [name, content] of Object.entries({ ...schemas, ...changes })) {
    if (content === undefined) continue;
    const file = join(root, 'schemas', `${name}.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return {
    file: 'stacks/Pulumi.test.yaml',
    root,
    sourceNames: Object.keys(sources),
    loadSource: async (name) => {
      const source = sources[name];
      if (source === undefined) throw new Error(`no source ${name}`);
      return source;
    },
    now: () => new Date('2026-11-20T12:00:00Z'),
  };
}
