import type { ExtractOf, ProbeOf } from '../core/extract.ts';
import type { InspectOf } from '../core/inspect.ts';
import type { Database } from './database.ts';
import type { DatabaseSettings, source } from './source.ts';

/** The modules of one kind of database, with its driver: several hundred kilobytes that the others need not load. */
async function open({ kind }: DatabaseSettings): Promise<Database> {
  switch (kind) {
    case 'postgres':
      return (await import('./postgres/postgres.ts')).postgres;
    case 'mysql':
      return (await import('./mysql/mysql.ts')).mysql;
    case 'bigquery':
      return (await import('./bigquery/bigquery.ts')).bigquery;
  }
}

export const extract: ExtractOf<typeof source> = async function* (context) {
  const database = await open(context.settings);
  for await (const piece of database.read(context)) yield { table: context.slice.table, ...piece };
};

export const probe: ProbeOf<typeof source> = async (context) => (await open(context.settings)).probe(context);

export { jdbc } from './jdbc.ts';

export const inspect: InspectOf<typeof source> = {
  tables: async (context) => (await open(context.settings)).inspect.tables(context),
  describe: async (context) => (await open(context.settings)).inspect.describe(context),
};
