import { z } from 'zod';
import { defineSource } from '../core/source.ts';

/** Settings of one group in the stack file: where the database is. */
const settings = z
  .strictObject({
    kind: z.enum(['postgres', 'mysql', 'bigquery']).describe('mysql stands for MariaDB too'),
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Name or address; a folder such as /cloudsql/<instance> for a socket. Not for bigquery'),
    port: z.int().min(1).max(65_535).optional().describe('Default: 5432, or 3306 for mysql'),
    database: z.string().min(1).optional().describe('Not for bigquery'),
    sslMode: z
      .enum(['verify-full', 'require', 'disable'])
      .optional()
      .describe('Default: verify-full; disable for a server on this machine, and for no other'),
    timeZone: z
      .string()
      .default('UTC')
      .describe('Zone of date-times without one that the schema file calls TIMESTAMP'),
    readers: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .describe('Connections, of bigquery pages, that read one large table side by side'),
    statementTimeoutSeconds: z
      .int()
      .min(1)
      .optional()
      .describe("Default: none for PostgreSQL, the server's for MySQL"),
    allowRowSecurity: z
      .boolean()
      .default(false)
      .describe('Load what row level security shows of a table instead of refusing it. PostgreSQL only'),
    project: z
      .string()
      .min(1)
      .optional()
      .describe('bigquery: the project that pays for queries whose rows come to the job'),
    location: z.string().min(1).optional().describe('bigquery: where the tables are, such as EU'),
    maximumGigabytesBilled: z
      .number()
      .positive()
      .default(100)
      .describe('bigquery: a query that would read more is refused'),
  })
  .superRefine((value, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (value.kind === 'bigquery') {
      for (const field of ['project', 'location'] as const)
        if (value[field] === undefined) refuse(field, 'bigquery needs it');
      return;
    }
    for (const field of ['host', 'database'] as const)
      if (value[field] === undefined) refuse(field, `${value.kind} needs it`);
    if (value.sslMode === 'disable' && value.host !== undefined && !isThisMachine(value.host))
      refuse(
        'sslMode',
        'disable is for a server on this machine: the password and all rows would travel in the clear. Use verify-full, with `ca` in the secret if the server has a certificate of its own',
      );
  });

/** Settings of one table in the stack file: what is read. */
const options = z
  .strictObject({
    from: z
      .string()
      .min(1)
      .optional()
      .describe('Table or view: schema.table; for bigquery project.dataset.table. "Quote" odd names'),
    query: z.string().min(1).optional().describe('SQL that reads, instead of `from`'),
    columns: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Columns of the schema file to read; the others stay NULL. Default: all'),
    chunkRows: z
      .int()
      .min(1)
      .default(5_000_000)
      .describe(
        'With a watermark: about so many rows are committed at a time; of bigquery where it costs no more',
      ),
  })
  .superRefine(({ from, query }, context) => {
    if ((from === undefined) === (query === undefined))
      context.addIssue({
        code: 'custom',
        path: ['from'],
        message: 'either `from`, a table, or `query`, some SQL',
      });
  });

export const source = defineSource({
  title: 'Databases: PostgreSQL, MySQL, MariaDB and BigQuery',
  docs: 'https://www.postgresql.org/docs/current/sql-copy.html',
  hosts: ['bigquery.googleapis.com'],
  runsOn: 'job',
  engines: ['dataflow'],
  // BigQuery copies its own tables.
  engineShapes: { settings: z.looseObject({ kind: z.enum(['postgres', 'mysql']) }) },
  secret: z.strictObject({
    user: z.string().min(1).optional().describe('Not for bigquery, which is read as the service account'),
    password: z.string().optional(),
    ca: z.string().optional().describe("PEM of the server's certificate authority"),
  }),
  settings,
  // BigQuery alone is asked over HTTP. https://cloud.google.com/bigquery/quotas#api_request_quotas
  http: {
    baseUrl: 'https://bigquery.googleapis.com/bigquery/v2/',
    timeoutMs: 120_000,
    limits: [{ scope: 'app', max: 80, perSeconds: 1 }],
  },
  // Data that other projects own, and public data sets, are granted by their owners.
  grants: [
    { role: 'roles/bigquery.jobUser', on: 'project', setting: 'project' },
    { role: 'roles/bigquery.dataViewer', on: 'project', setting: 'project' },
  ],
  schedule: { cron: '30 * * * *', timeZone: 'Etc/UTC' },
  tables: {},
  openTables: {
    options,
    // Without a watermark a table is a catalog: read whole and swapped.
    defaults: { key: [], writeMode: 'replace', cursor: { kind: 'snapshot' } },
    watermarks: true,
  },
});

export type DatabaseSettings = z.output<typeof settings>;

export type DatabaseOptions = z.output<typeof options>;

export type DatabaseSecret = z.output<(typeof source)['secret']>;

/** Sockets and loopback addresses: nobody else can listen on the way. */
function isThisMachine(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** How the connection is protected, with the default filled in. */
export function sslModeOf({
  host = '',
  sslMode,
}: DatabaseSettings): Exclude<DatabaseSettings['sslMode'], undefined> {
  return sslMode ?? (isThisMachine(host) ? 'disable' : 'verify-full');
}
