import { z } from 'zod';
import { defineSource } from '../core/source.ts';

/** Settings of one table in the stack file: which table of the source it is. */
const options = z.strictObject({
  from: z
    .string()
    .regex(/^[^.]+\.[^.]+$/, 'schema.table')
    .describe('Table of the source, such as public.orders; of a partitioned table, the root'),
  deletedAt: z
    .string()
    .optional()
    .describe('With deletes: soft, the TIMESTAMP column of the schema file that a deleted row is marked in'),
  without: z
    .array(z.string())
    .default([])
    .describe('Columns of the source that are left out on purpose, so that they are no schema drift'),
});

/** A name that PostgreSQL takes for a slot; a publication may have others, but need not. */
const name = z.string().regex(/^[a-z0-9_]{1,50}$/, 'lower-case letters, digits and underscore, at most 50');

export const source = defineSource({
  title: 'PostgreSQL: logical replication',
  docs: 'https://www.postgresql.org/docs/current/logical-replication.html',
  hosts: [],
  runsOn: 'job',
  secret: z.object({
    user: z.string().min(1),
    password: z.string().min(1),
    ca: z
      .string()
      .optional()
      .describe('Certificate authority in PEM, for a server with a certificate of its own'),
  }),
  settings: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(5432),
    database: z.string().min(1),
    sslMode: z
      .enum(['disable', 'require', 'verify-full'])
      .optional()
      .describe('Default: verify-full; disable for a server on this machine'),
    publication: name,
    slot: name.describe('Replication slot of this group alone: two readers of one slot lose changes'),
    create: z
      .boolean()
      .default(false)
      .describe(
        'Create the publication and the slot if they are missing; otherwise the SQL for it is printed',
      ),
    deletes: z.enum(['hard', 'soft']).default('hard'),
    stay: z
      .boolean()
      .default(false)
      .describe('Follow the log until the deadline of the run or its end, instead of catching up and ending'),
    heartbeat: z
      .number()
      .min(0.1)
      .max(600)
      .default(10)
      .describe('Seconds between two positions of an idle database, which let it free its log'),
  }),
  schedule: { cron: '*/15 * * * *', timeZone: 'Etc/UTC' },
  tables: {},
  openTables: {
    options,
    defaults: { key: [], writeMode: 'merge', cursor: { kind: 'log' } },
  },
});

export type ReplicationSettings = z.output<typeof source.settings>;

export type ReplicationSecret = z.output<typeof source.secret>;

/** Settings of one table, as the stack file holds them. */
export type ReplicatedOptions = z.output<typeof options>;
