import { z } from 'zod';
import { defineSource } from '../core/source.ts';

/** Settings of one table in the stack file: which documents it holds. */
const options = z.strictObject({
  collection: z
    .string()
    .regex(/^[^/]+(?:\/[^/]+\/[^/]+)*$/, 'a collection such as users, or users/u1/orders')
    .describe('Path of the collection; with group: true, the id alone'),
  group: z
    .boolean()
    .default(false)
    .describe('Every collection of this id, wherever it is: a collection group'),
});

export const source = defineSource({
  title: 'Google Firestore',
  docs: 'https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/runQuery',
  hosts: ['firestore.googleapis.com'],
  runsOn: 'job',
  // The service account of the job reads.
  secret: z.object({}),
  settings: z.strictObject({
    project: z
      .string()
      .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'a Google Cloud project id')
      .describe('Project of the database'),
    database: z
      .string()
      .regex(/^(?:\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/, '(default), or the id of a named database')
      .default('(default)')
      .describe('Id of the database'),
    pageSize: z
      .int()
      .min(1)
      .max(10_000)
      .default(500)
      .describe('Documents of one answer; fewer for large documents, as an answer is held in memory'),
  }),
  http: {
    baseUrl: 'https://firestore.googleapis.com/v1/',
    // ABORTED is 409: two readers met, and the same read works a moment later.
    retry: { statuses: [408, 409, 425, 429, 500, 502, 503, 504] },
  },
  grants: [{ role: 'roles/datastore.viewer', on: 'project', setting: 'project' }],
  schedule: { cron: '45 4 * * *', timeZone: 'Etc/UTC' },
  tables: {},
  openTables: {
    options,
    defaults: { key: [], writeMode: 'replace', cursor: { kind: 'snapshot' } },
    watermarks: true,
  },
});

/** Settings of one table, as the stack file holds them. */
export type CollectionOptions = z.output<typeof options>;
export type Settings = z.output<typeof source.settings>;
