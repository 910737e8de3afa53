import type { Column } from '../../functions/core/schema.ts';
import { columnChanges } from './column-change.ts';
import { migrationSql } from './migration-sql.ts';
import { type SchemaChange, schemaChanges, type TableShape } from './schema-change.ts';

/** A cloud table as the stack file and the declarations say. */
export interface PlannedTable {
  readonly pipeline: string;
  /** The name in the declaration. */
  readonly declared: string;
  /** `project.dataset.table` */
  readonly id: string;
  /** Schema file below `schemas/`, without `.json`. */
  readonly schema: string;
  readonly shape: TableShape;
}

export interface TableChanges {
  readonly pipeline: string;
  readonly id: string;
  readonly schema: string;
  readonly changes: readonly SchemaChange[];
  /** For a person to run, in this order, before the deployment. */
  readonly sql: readonly string[];
}

export interface SchemaFileChanges {
  /** `schemas/files/flights.json` */
  readonly file: string;
  readonly changes: readonly SchemaChange[];
}

/** What happens to each table, matched by pipeline and declared name, else by its name in the warehouse. */
export function tableChanges(
  before: readonly PlannedTable[],
  after: readonly PlannedTable[],
): TableChanges[] {
  const left = new Set(before);
  const found: TableChanges[] = [];
  for (const table of after) {
    const old =
      [...left].find((each) => each.pipeline === table.pipeline && each.declared === table.declared) ??
      [...left].find((each) => each.id === table.id);
    if (old !== undefined) left.delete(old);
    const { changes, sql } = old === undefined ? created() : changed(old, table);
    if (changes.length > 0)
      found.push({ pipeline: table.pipeline, id: table.id, schema: table.schema, changes, sql });
  }
  for (const { pipeline, id, schema } of left) found.push({ pipeline, id, schema, ...gone() });
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Changes of schema files that no table in `used` is made from. */
export function unusedSchemaChanges(
  before: Readonly<Record<string, readonly Column[]>>,
  after: Readonly<Record<string, readonly Column[]>>,
  used: readonly TableChanges[],
): SchemaFileChanges[] {
  const usedNames = new Set(used.map(({ schema }) => schema));
  return Object.keys(after)
    .filter((name) => !usedNames.has(name))
    .sort()
    .map((name) => ({
      file: `schemas/${name}.json`,
      changes: columnChanges(before[name] ?? after[name] ?? [], after[name] ?? [], [], new Set()),
    }))
    .filter(({ changes }) => changes.length > 0);
}

function changed(old: PlannedTable, now: PlannedTable): Pick<TableChanges, 'changes' | 'sql'> {
  const inside = schemaChanges(old.shape, now.shape);
  const sql = migrationSql({ table: now.id, before: old.shape, after: now.shape, changes: inside });
  if (old.id === now.id) return { changes: inside, sql };
  const [oldPlace, newPlace] = [old.id, now.id].map((id) => id.slice(0, id.lastIndexOf('.')));
  const name = now.id.slice(now.id.lastIndexOf('.') + 1);
  const isHere = oldPlace === newPlace;
  const move: SchemaChange = {
    class: 'rename-table',
    from: old.id,
    to: now.id,
    by: isHere ? 'sql' : 'copy',
    meaning:
      'a deployment would delete the old table, which is refused, and make an empty one: run the SQL, then bring ' +
      'the table into the stack with `pulumi import`',
  };
  const statement = isHere
    ? `ALTER TABLE \`${old.id}\` RENAME TO \`${name}\`;`
    : `CREATE TABLE \`${now.id}\` COPY \`${old.id}\`;`;
  return { changes: [move, ...inside], sql: [statement, ...sql] };
}

function created(): Pick<TableChanges, 'changes' | 'sql'> {
  const change: SchemaChange = {
    class: 'new-table',
    by: 'deploy',
    meaning: 'there is no data yet; the first run fills it',
  };
  return { changes: [change], sql: [] };
}

/** No statement: what drops a table is nothing to copy from a plan without a thought. */
function gone(): Pick<TableChanges, 'changes' | 'sql'> {
  const change: SchemaChange = {
    class: 'drop-table',
    by: 'sql',
    meaning:
      'the deployment refuses to delete a table that may hold data: take it out of the stack with ' +
      '`pulumi state delete` and keep it, or drop it too',
  };
  return { changes: [change], sql: [] };
}
