import { z } from 'zod';
import { fatal } from './errors.ts';

/** BigQuery's column types; the standard-SQL spellings (INT64, FLOAT64, BOOL, STRUCT) are read as these. */
export const columnTypes = [
  'STRING',
  'BYTES',
  'INTEGER',
  'FLOAT',
  'NUMERIC',
  'BIGNUMERIC',
  'BOOLEAN',
  'DATE',
  'TIME',
  'DATETIME',
  'TIMESTAMP',
  'JSON',
  'RECORD',
] as const;

export type ColumnType = (typeof columnTypes)[number];

const spellings: Readonly<Record<string, ColumnType>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
};

/** One column of a schema file. */
export interface Column {
  /** Letters, digits and underscore, not starting with a digit, at most 300 characters (BigQuery, strict names). */
  readonly name: string;
  readonly type: ColumnType;
  /** @default "NULLABLE" */
  readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED';
  readonly description?: string | undefined;
  /** Columns of a RECORD. */
  readonly fields?: readonly Column[] | undefined;
  /** The name in the source, where it is not a legal column name. Ours, never sent to BigQuery. */
  readonly sourceName?: string | undefined;
  /** The type in the source's own words when the schema file was written. Ours, never sent to BigQuery. */
  readonly sourceType?: string | undefined;
  /** How dates and times are written in text sources, as strptime. Ours, never sent to BigQuery. */
  readonly format?: string | undefined;
}

/**
 * Columns the kit adds at the end of every table:
 * `_origin`, the account or object a row came from, and `_extra`, fields that the schema file does not name.
 */
export const systemColumns: readonly Column[] = [
  { name: '_origin', type: 'STRING', mode: 'NULLABLE', description: 'Account or object this row came from' },
  { name: '_extra', type: 'JSON', mode: 'NULLABLE', description: 'Fields the schema file does not name' },
];

const column: z.ZodType<Column> = z.lazy(() =>
  z
    .strictObject({
      name: z
        .string()
        .regex(
          /^[A-Za-z_][A-Za-z0-9_]{0,299}$/,
          'letters, digits and underscore, not starting with a digit, at most 300',
        ),
      type: z
        .string()
        .transform((text) => spellings[text.toUpperCase()] ?? text.toUpperCase())
        .pipe(
          z.enum(columnTypes, {
            error: ({ input }) =>
              `is no type: got ${JSON.stringify(input)}; allowed: ${columnTypes.join(', ')}`,
          }),
        ),
      mode: z.enum(['NULLABLE', 'REQUIRED', 'REPEATED']).default('NULLABLE'),
      description: z.string().max(1024).optional(),
      fields: z.array(column).min(1).optional(),
      sourceName: z.string().optional(),
      sourceType: z.string().optional(),
      format: z.string().optional(),
    })
    .refine((field) => (field.type === 'RECORD') === (field.fields !== undefined), {
      message: 'a RECORD needs fields, and only a RECORD has them',
    }),
);

const schemaFile = z.array(column).min(1);

/** One slip often stands in every column; a person mends the first ones and looks again. */
const shownMistakes = 3;

/**
 * Reads a schema file: BigQuery's own JSON format, a list of columns.
 *
 * @param text the file's content
 * @param file its path, for the error
 * @throws a fatal `bad-schema` error that lists the first mistakes with their paths, and how many more there are
 */
export function parseSchema(text: string, file: string): readonly Column[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fatal('bad-schema', { where: file, what: `is not JSON (${(cause as Error).message})`, cause });
  }
  return checkSchema(json, file);
}

/** The same for a value that is parsed already, such as a schema file inside a bundle. */
export function checkSchema(json: unknown, file: string): readonly Column[] {
  const result = schemaFile.safeParse(json);
  if (!result.success) {
    const mistakes = result.error.issues.map(({ path, message }) => `${formatPath(path)} ${message}`);
    const more = mistakes.length > shownMistakes ? [`and ${mistakes.length - shownMistakes} more`] : [];
    throw fatal('bad-schema', {
      where: file,
      what: `is not a BigQuery schema: ${[...mistakes.slice(0, shownMistakes), ...more].join('; ')}`,
    });
  }
  const seen = new Set<string>();
  for (const { name } of [...result.data, ...systemColumns]) {
    if (seen.has(name.toLowerCase()))
      throw fatal('bad-schema', {
        where: file,
        what: `names the column "${name}" twice`,
        todo: "column names differ in more than case, and _origin and _extra are the kit's own",
      });
    seen.add(name.toLowerCase());
  }
  return result.data;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}
