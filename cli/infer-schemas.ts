import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameColumns } from '../functions/core/column-names.ts';
import { fatal } from '../functions/core/errors.ts';
import type { TableDescription } from '../functions/core/inspect.ts';
import type { Column } from '../functions/core/schema.ts';
import { checkSchema, parseSchema } from '../functions/core/schema.ts';
import { type Choice, type Inspection, openInspection } from '../twin/inspect.ts';

export interface InferOptions {
  readonly root: string;
  readonly stack: string;
  readonly pipeline: string;
  /** @default all tables of the pipeline */
  readonly table?: string | undefined;
  readonly group?: string | undefined;
  /** Name of the schema file for a table without an entry in the stack file. @default the end of its own name */
  readonly as?: string | undefined;
  readonly force?: boolean | undefined;
  /** Compares only. */
  readonly check?: boolean | undefined;
}

/** What became of one schema file. */
export interface Inferred {
  /** Relative to the project. */
  readonly file: string;
  readonly table: string;
  /** `differs`: the file says something else and was left as it is. */
  readonly outcome: 'written' | 'same' | 'differs' | 'overwritten' | 'missing';
  /** Lines that go (`-`) and come (`+`), in the order of the columns. */
  readonly diff: readonly string[];
  readonly description: TableDescription;
}

/** Rows that people see beside the new schema. */
const sampleRows = 3;

/** @throws fatal `bad-input` when there is no such table, or the pipeline names none; what the source throws */
export async function inferSchemas(options: InferOptions): Promise<readonly Inferred[]> {
  const inspection = await openInspection(options);
  try {
    const { pipeline } = inspection;
    const names =
      options.table === undefined ? pipeline.tables.map(({ declared }) => declared) : [options.table];
    if (names.length === 0)
      throw fatal('bad-input', {
        where: pipeline.name,
        what: 'the pipeline names no table yet',
        todo: `name one that the source has: npx catchment peek ${pipeline.name} lists them`,
      });
    const inferred: Inferred[] = [];
    for (const name of names) inferred.push(await inferOne(inspection, name, options));
    return inferred;
  } finally {
    await inspection.close();
  }
}

async function inferOne(inspection: Inspection, table: string, options: InferOptions): Promise<Inferred> {
  const choice = await inspection.choose(table);
  const description = await inspection.describe(choice.options, sampleRows);
  const columns = description.columns.map(({ column }) => column);
  const file = `schemas/${schemaName(inspection, choice, table, options)}.json`;
  checkSchema(columns, file);
  const path = join(options.root, file);
  const write = () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, schemaText(columns));
  };
  if (!existsSync(path)) {
    if (options.check === true) return { file, table, outcome: 'missing', diff: [], description };
    write();
    return { file, table, outcome: 'written', diff: [], description };
  }
  const diff = diffOf(parseSchema(readFileSync(path, 'utf8'), file), columns, options.force === true);
  if (diff.length === 0) return { file, table, outcome: 'same', diff, description };
  if (options.force !== true) return { file, table, outcome: 'differs', diff, description };
  write();
  return { file, table, outcome: 'overwritten', diff, description };
}

function schemaName(
  { pipeline }: Inspection,
  { schema }: Choice,
  table: string,
  { as }: InferOptions,
): string {
  if (schema !== undefined && as === undefined) return schema;
  // `public.orders` and `exports/orders.csv` both end in what people call the table.
  const plain =
    table
      .split('/')
      .at(-1)
      ?.replace(/\.(csv|tsv|json|jsonl|ndjson|parquet)(\.gz|\.zst)?$/i, '') ?? '';
  const [name = ''] = nameColumns([as ?? plain.split('.').at(-1) ?? plain]);
  return `${pipeline.source}/${name}`;
}

/** One column per line: a change of a column is a change of a line. */
function schemaText(columns: readonly Column[]): string {
  return `[\n${columns.map((column) => `  ${columnText(column)}`).join(',\n')}\n]\n`;
}

function columnText({ name, type, mode, sourceName, sourceType, description, ...more }: Column): string {
  const column = {
    name,
    type,
    mode,
    ...more,
    ...(sourceName && { sourceName }),
    ...(sourceType && { sourceType }),
    ...(description && { description }),
  };
  const fields = Object.entries(column).filter(([, value]) => value !== undefined);
  return `{ ${fields.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')} }`;
}

/**
 * Descriptions are for people to write, so they make no difference, and neither does a file that keeps no types of the
 * source, unless it is written anew.
 */
function diffOf(before: readonly Column[], after: readonly Column[], isWritten: boolean): string[] {
  const text = (column: Column) => columnText({ ...column, description: undefined, format: undefined });
  const compared = (column: Column, old: Column) =>
    text(old.sourceType === undefined && !isWritten ? { ...column, sourceType: undefined } : column);
  const known = (columns: readonly Column[], name: string) => columns.find((column) => column.name === name);
  const gone = before
    .filter(({ name }) => known(after, name) === undefined)
    .map((column) => `- ${text(column)}`);
  const changed = after.flatMap((column) => {
    const old = known(before, column.name);
    if (old === undefined) return [`+ ${text(column)}`];
    return text(old) === compared(column, old) ? [] : [`- ${text(old)}`, `+ ${text(column)}`];
  });
  return [...gone, ...changed];
}
