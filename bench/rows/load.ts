import { z } from 'zod';
import type { SourceCode } from '../../functions/core/extract.ts';
import { defineSource } from '../../functions/core/source.ts';
import { measure } from '../child.ts';
import { openRun } from '../run-once.ts';
import { columns, pages } from './pages.ts';

const source = defineSource({
  title: 'A million rows',
  docs: 'https://example.com',
  hosts: [],
  runsOn: 'job',
  secret: z.object({}),
  settings: z.object({}),
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: { rows: { key: ['day', 'ad_id'], writeMode: 'merge', cursor: { kind: 'snapshot' } } },
});

/** A whole run of one slice. */
await measure<{ path: string }>(({ path }) =>
  openRun({
    path,
    source,
    code: {
      async *extract() {
        for (const rows of pages()) yield { table: 'rows', rows };
      },
    } as SourceCode,
    schemas: { 'bench/rows': columns },
    settings: {},
    tables: [{ ...source.tables.rows, declared: 'rows', name: 'rows', schema: 'bench/rows' }],
    secret: {},
  }),
);
