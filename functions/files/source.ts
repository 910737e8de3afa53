import { z } from 'zod';
import { defineSource } from '../core/source.ts';

/** Settings of one table in the stack file: where its files are and how they are written. */
const options = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('File below root, or a glob such as weather/*.csv: each matching file is one slice'),
  take: z
    .union([z.enum(['all', 'latest']), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe('Of the files that match: all, the one changed last, or those named. Default: all'),
  onDelete: z
    .enum(['keep', 'remove'])
    .optional()
    .describe('Rows of a file that is gone stay, or go too (writeMode replaceWindow). Default: keep'),
  format: z
    .enum(['csv', 'parquet', 'json', 'ndjson'])
    .optional()
    .describe('Default: by the ending of the name, also before .gz and .zst'),
  compression: z.enum(['gzip', 'zstd', 'none']).optional().describe('Default: by the ending, .gz or .zst'),
  delimiter: z.string().length(1).optional().describe('CSV. Default: a comma; a tab for .tsv'),
  header: z.boolean().optional().describe('CSV: the first line names the columns. Default: true'),
  quote: z.string().length(1).optional().describe('CSV. Default: a double quote'),
  nullMarker: z.string().min(1).optional().describe('CSV: text that stands for NULL beside an empty cell'),
  encoding: z.enum(['utf-8', 'utf-16', 'latin-1']).optional().describe('CSV. Default: utf-8'),
  records: z
    .string()
    .min(1)
    .optional()
    .describe('JSON: the field that holds the list of records, dots for depth. Default: the top level'),
});

/** What Google's templates for CSV and text read; of a pattern the names that it matches decide, once they are known. */
const readByEngines = z
  .looseObject({
    path: z.string(),
    format: z.enum(['csv', 'ndjson']).optional(),
    compression: z.enum(['gzip', 'none']).optional(),
    quote: z.literal('"').optional(),
  })
  .superRefine(({ path, format }, context) => {
    if (
      !/\.zst$/i.test(path) &&
      (format !== undefined || !/\.(?:parquet|json|geojson)(?:\.gz)?$/i.test(path))
    )
      return;
    context.addIssue({
      code: 'custom',
      path: ['path'],
      message: 'CSV (.csv, .tsv) and JSON Lines (.jsonl, .ndjson), plain or packed by gzip (.gz)',
    });
  });

const settings = z.object({
  root: z
    .string()
    .min(1)
    .default('.')
    .describe(
      'Where all paths start: gs://bucket/prefix, s3://bucket/prefix, azure://account/container/prefix, or a folder, relative to the working folder of the run',
    ),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .default('us-east-1')
    .describe('S3: the region of the bucket'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('S3 and Azure: the address of a compatible server, such as https://minio.internal:9000'),
  pathStyle: z
    .boolean()
    .optional()
    .describe('S3: the bucket in the path, not in the host name. Default: with an endpoint of its own'),
  transfer: z
    .strictObject({
      project: z.string().min(1).describe('Project that the transfer jobs belong to'),
      bucket: z
        .string()
        .regex(/^gs:\/\/[^/]+/)
        .describe('Where the copies go: gs://bucket/prefix; give it a lifecycle rule that deletes them'),
      above: z.int().positive().default(1e9).describe('Bytes from which a file is transferred'),
    })
    .optional()
    .describe('S3 and Azure to BigQuery: large files are copied to GCS by Storage Transfer Service'),
});

const secret = z.object({
  s3: z
    .strictObject({
      accessKeyId: z.string().min(1),
      secretAccessKey: z.string().min(1),
      sessionToken: z.string().min(1).optional(),
    })
    .optional(),
  azure: z
    .union([
      z.strictObject({ accountKey: z.base64().min(1) }),
      z.strictObject({ sasToken: z.string().regex(/\bsig=/, 'is no shared access signature') }),
    ])
    .optional(),
});

export const source = defineSource({
  title: 'Files: CSV, Parquet, JSON and JSON Lines',
  docs: 'https://duckdb.org/docs/stable/data/overview',
  hosts: [
    'storage.googleapis.com',
    'storagetransfer.googleapis.com',
    's3.{region}.amazonaws.com',
    '*.s3.{region}.amazonaws.com',
    '*.blob.core.windows.net',
    '{endpoint}',
  ],
  runsOn: 'job',
  engines: ['dataflow'],
  engineShapes: {
    settings: z.looseObject({ root: z.string().startsWith('gs://', 'gs://bucket/prefix') }),
    options: readByEngines,
  },
  secret,
  settings,
  http: { baseUrl: 'https://storage.googleapis.com/' },
  grants: [
    { role: 'roles/storage.objectViewer', on: 'bucket', setting: 'root' },
    { role: 'roles/storage.objectViewer', on: 'bucket', setting: 'transfer.bucket' },
    { role: 'roles/storagetransfer.user', on: 'project', setting: 'transfer.project' },
  ],
  schedule: { cron: '15 * * * *', timeZone: 'Etc/UTC' },
  tables: {},
  openTables: {
    options,
    // Several files may feed one table, so a file replaces what came from it before and nothing else.
    defaults: { key: [], writeMode: 'replaceWindow', cursor: { kind: 'objects' } },
  },
});

/** Settings of one table, as the stack file holds them. */
export type FileOptions = z.output<typeof options>;
/** Settings of one group. */
export type FileSettings = z.output<typeof settings>;
/** A group's secret: the part of its store; none for folders, GCS and what is public. */
export type FileSecret = z.output<typeof secret>;
