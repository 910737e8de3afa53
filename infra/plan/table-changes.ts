import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import type { Column } from '../../functions/core/schema.ts';
import { columnChanges } from './column-change.ts';
import { migrationSql } from './migration-sql.ts';
import { type SchemaChange, schemaChanges, type TableShape } from './schema-change.ts';

/** A table as the stack file and the declarations say. */
export interface PlannedTable {
  readonly pipeline: string;
  /** The name in the declaration. */
  readonly declared: string;
  /** `project.dataset.table`, or `warehouse:dataset.table` where a run makes it. */
  readonly id: string;
  /** Where the runs make and change the table themselves: all but BigQuery. */
  readonly madeByRuns?: { readonly warehouse: string; readonly kind: WarehouseConfig['kind'] } | undefined;
  /** Schema file below `schemas/`, without `.json`. */
  readonly schema: string;
  readonly shape: TableShape;
}

export interface TableChanges {
  readonly pipeline: string;
  readonly id: string;
  /** Kind of the warehouse, where its tables are no resources. */
  readonly kind?: WarehouseConfig['kind'];
  readonly schema: string;
  readonly changes: readonly SchemaChange[];
  /** For a person to run, in this order, before the deployment; in BigQuery's SQL, so none for other kinds. */
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
    if (changes.length > 0) found.push(changesOf(table, changes, sql));
  }
  for (const table of left) found.push(changesOf(table, gone(table).changes, []));
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

/** A run adds columns by itself, and makes tables; what else is to be done there, a person does by hand. */
function changesOf(
  { pipeline, id, schema, madeByRuns }: PlannedTable,
  changes: readonly SchemaChange[],
  sql: readonly string[],
): TableChanges {
  if (madeByRuns === undefined) return { pipeline, id, schema, changes, sql };
  const byRuns = changes.map((change) =>
    change.by === 'deploy' ? { ...change, by: 'run' as const } : change,
  );
  return { pipeline, id, kind: madeByRuns.kind, schema, changes: byRuns, sql: [] };
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
      now.madeByRuns === undefined
        ? 'a deployment would delete the old table, which is refused, and make an empty one: run the SQL, then bring ' +
          'the table into the stack with `pulumi import`'
        : 'the next run would make an empty table and leave the old one: rename or copy it first',
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
function gone({ madeByRuns }: PlannedTable): Pick<TableChanges, 'changes'> {
  const change: SchemaChange = {
    class: 'drop-table',
    by: 'sql',
    meaning:
      madeByRuns === undefined
        ? 'the deployment refuses to delete a table that may hold data: take it out of the stack with ' +
          '`pulumi state delete` and keep it, or drop it too'
        : 'it stays as it is, and no run fills it: keep it, or drop it',
  };
  return { changes: [change] };
}
