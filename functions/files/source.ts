import { z } from 'zod';
import { defineSource } from '../core/source.ts';

/** Settings of one table in the stack file: where its files are and how they are written. */
const options = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('File below root, or a glob such as weather/*.csv: each matching file is one slice'),
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

export const source = defineSource({
  title: 'Files: CSV, Parquet, JSON and JSON Lines',
  docs: 'https://duckdb.org/docs/stable/data/overview',
  hosts: [],
  runsOn: 'job',
  secret: z.object({}),
  settings: z.object({
    root: z
      .string()
      .min(1)
      .default('.')
      .describe('Folder that all paths start from; relative to the working folder of the run'),
  }),
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
