import type { DuckDBConnection } from '@duckdb/node-api';
import { ident } from '../../../files/quote.ts';
import { refuse } from './refuse.ts';

/** A dataset that another project lets everybody read, and nobody write. */
export interface SharedDataset {
  readonly project: string;
  readonly dataset: string;
  /** Its tables by name, each the SELECT that fills it, in DuckDB's SQL. */
  readonly tables: Readonly<Record<string, string>>;
}

/** DuckDB knows no projects, so the schema of another project's dataset has both names. */
export function schemaOf(own: string, project: string, dataset: string): string {
  return project === own ? dataset : `${project}.${dataset}`;
}

export async function addShared(
  connection: DuckDBConnection,
  { project, dataset, tables }: SharedDataset,
  adopt: (schema: string, table: string) => Promise<void>,
): Promise<void> {
  const schema = `${project}.${dataset}`;
  for (const [name, select] of Object.entries(tables)) {
    await connection.run(`CREATE TABLE ${ident(schema)}.${ident(name)} AS ${select}`);
    await adopt(schema, name);
  }
}

/** @throws what BigQuery says to whoever writes to another project */
export function refuseWrites(own: string, statement: string): void {
  const [, owner, dataset] =
    /^(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|CREATE TABLE(?: IF NOT EXISTS)?) `([^.`]+)\.([^.`]+)\.[^`]+`/.exec(
      statement,
    ) ?? [];
  if (owner !== undefined && owner !== own)
    refuse('accessDenied', `Access Denied: Dataset ${owner}:${dataset}: Permission denied`, 403);
}
