import { z } from 'zod';
import { defineSource } from '../../functions/core/source.ts';

export const source = defineSource({
  title: 'My source',
  docs: 'https://api.example.com/docs',
  hosts: ['api.example.com'],
  runsOn: 'function',
  secret: z.strictObject({ token: z.string().min(1) }),
  settings: z.strictObject({
    /** Settings of one group in the stack file go here. */
    includeDrafts: z.boolean().default(true),
  }),
  http: {
    baseUrl: 'https://api.example.com/v1/',
    auth: { header: 'Authorization', secret: 'token', prefix: 'Bearer ' },
    // Put the vendor's documented limit here, with its link.
    limits: [{ scope: 'app', max: 10, perSeconds: 1 }],
  },
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    items: { key: ['id'], writeMode: 'merge', cursor: { kind: 'snapshot' } },
  },
});
