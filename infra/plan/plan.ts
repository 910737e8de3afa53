import { type Base, readBase } from './base.ts';
import { graphDiff, type ResourceChange } from './graph-diff.ts';
import { type Grant, type IamTable, iamTable } from './iam-table.ts';
import { type ResourceGroup, resourceGroups } from './resource-groups.ts';
import { type ScheduleLine, schedulesOf } from './schedules.ts';
import { type Snapshot, snapshotFormat, takeSnapshot } from './snapshot.ts';
import {
  type SchemaFileChanges,
  type TableChanges,
  tableChanges,
  unusedSchemaChanges,
} from './table-changes.ts';

export interface ScheduleChange {
  readonly name: string;
  readonly pipeline?: string | undefined;
  /** Undefined where the schedule is new. */
  readonly from?: string | undefined;
  /** Undefined where the schedule is gone. */
  readonly to?: string | undefined;
}

export interface Changes {
  readonly base: Pick<Base, 'ref' | 'commit' | 'note'>;
  readonly resources: readonly ResourceChange[];
  readonly iam: { readonly gained: readonly Grant[]; readonly lost: readonly Grant[] };
  readonly schedules: readonly ScheduleChange[];
  readonly tables: readonly TableChanges[];
  /** Of files that no table of this stack is made from. */
  readonly schemaFiles: readonly SchemaFileChanges[];
}

/** What `catchment plan` prints, as JSON. */
export interface Plan {
  readonly format: 1;
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly ResourceGroup[];
  readonly iam: IamTable;
  readonly schedules: readonly ScheduleLine[];
  /** Tables that no deployment makes, since the runs do. */
  readonly tablesOfRuns?: readonly RunTable[];
  readonly changes?: Changes;
  /** Reasons not to deploy. */
  readonly problems: readonly string[];
}

/** A table of a warehouse whose tables are no resources. */
export interface RunTable {
  readonly pipeline: string;
  /** Name and kind of the warehouse. */
  readonly warehouse: string;
  readonly kind: string;
  /** `warehouse:dataset.table` */
  readonly id: string;
  /** Schema file below `schemas/`, without `.json`. */
  readonly schema: string;
}

export interface PlanOptions {
  /** The project's folder. */
  readonly root: string;
  readonly stack: string;
  /** A git ref to compare with. */
  readonly base?: string | undefined;
  readonly now: Date;
}

/**
 * Evaluates a stack's program, and that of the base beside it.
 *
 * @throws a fatal error when the stack or the base is unknown, the stack file has mistakes or the program fails
 */
export async function makePlan({ root, stack, base, now }: PlanOptions): Promise<Plan> {
  const [head, compared] = await Promise.all([
    takeSnapshot(root, stack),
    base === undefined ? undefined : readBase({ root, stack, ref: base }),
  ]);
  return toPlan(head, compared, now);
}

/** The plan of two snapshots. Without a snapshot of the base, everything counts as added. */
export function toPlan(head: Snapshot, base: Base | undefined, now: Date): Plan {
  const { graph } = head;
  const iam = iamTable(graph, head.bindings);
  const plan = {
    format: 1,
    project: graph.project,
    stack: graph.stack,
    resources: resourceGroups(graph),
    iam,
    schedules: schedulesOf(graph, now),
    ...tablesOfRuns(head),
    problems: problemsOf(iam),
  } as const;
  return base === undefined ? plan : { ...plan, changes: changesSince(base, head, now) };
}

function tablesOfRuns({ tables }: Snapshot): Pick<Plan, 'tablesOfRuns'> {
  const made = tables.flatMap(({ pipeline, id, schema, madeByRuns }) =>
    madeByRuns === undefined ? [] : [{ pipeline, ...madeByRuns, id, schema }],
  );
  return made.length === 0 ? {} : { tablesOfRuns: made };
}

export function hasChanges({ resources, iam, schedules, tables, schemaFiles }: Changes): boolean {
  return [resources, iam.gained, iam.lost, schedules, tables, schemaFiles].some((list) => list.length > 0);
}

function changesSince({ snapshot, ...base }: Base, head: Snapshot, now: Date): Changes {
  const before: Snapshot = snapshot ?? {
    format: snapshotFormat,
    graph: { ...head.graph, resources: [], outputs: {} },
    bindings: [],
    tables: [],
    schemas: head.schemas,
  };
  const [oldGrants, newGrants] = [before, head].map(
    ({ graph, bindings }) => iamTable(graph, bindings).grants,
  );
  const tables = tableChanges(before.tables, head.tables);
  return {
    base,
    resources: graphDiff(before.graph, head.graph),
    iam: { gained: grantsOnlyIn(newGrants, oldGrants), lost: grantsOnlyIn(oldGrants, newGrants) },
    schedules: scheduleChanges(schedulesOf(before.graph, now), schedulesOf(head.graph, now)),
    tables,
    schemaFiles: unusedSchemaChanges(before.schemas, head.schemas, tables),
  };
}

function grantsOnlyIn(here: readonly Grant[] = [], there: readonly Grant[] = []): Grant[] {
  const keyOf = ({ member, role, on }: Grant) => [member, role, on.kind, on.name].join('\n');
  const known = new Set(there.map(keyOf));
  return here.filter((grant) => !known.has(keyOf(grant)));
}

function scheduleChanges(before: readonly ScheduleLine[], after: readonly ScheduleLine[]): ScheduleChange[] {
  const old = new Map(before.map((line) => [line.name, line]));
  const now = new Map(after.map((line) => [line.name, line]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)];
    const change = { name, pipeline: (to ?? from)?.pipeline, from: inWords(from), to: inWords(to) };
    return change.from === change.to ? [] : [change];
  });
}

/** `At 06:00, every day (Etc/UTC), paused` */
export function inWords(line: ScheduleLine | undefined): string | undefined {
  if (line === undefined) return undefined;
  return `${line.words} (${line.timeZone})${line.paused ? ', paused' : ''}`;
}

function problemsOf({ grants, missing }: IamTable): string[] {
  return [
    ...grants
      .filter(({ because }) => because === undefined)
      .map(
        ({ id, member, role, on }) =>
          `UNEXPLAINED: "${id}" gives ${member} the role ${role} on ${on.kind} ${on.name}, ` +
          'and nothing in the declarations asks for it',
      ),
    ...missing.map(
      ({ id, member, role, on, because, pipeline }) =>
        `MISSING: the program does not give ${member} the role ${role} on ${on.kind} ${on.name} ("${id}"), ` +
        `which ${pipeline} needs because of ${because}`,
    ),
  ];
}
