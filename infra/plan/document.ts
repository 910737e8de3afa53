import { type GraphValue, readableType } from './graph.ts';
import type { ResourceChange } from './graph-diff.ts';
import type { Grant, IamTable } from './iam-table.ts';
import { type Changes, hasChanges, inWords, type Plan } from './plan.ts';
import type { ScheduleLine } from './schedules.ts';
import type { SchemaChange } from './schema-change.ts';

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'list'; readonly items: readonly ListItem[] }
  | { readonly kind: 'sql'; readonly text: string };

/** Something added (`+`), removed (`-`) or changed (`~`), with what there is to say about it. */
export interface ListItem {
  readonly sign: '+' | '-' | '~';
  readonly head: string;
  readonly lines: readonly string[];
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A plan in words, for every kind of output. */
export interface Document {
  readonly title: string;
  readonly estate: readonly Section[];
  /** Undefined when there is no base. */
  readonly changes?: Section | undefined;
  readonly problems?: Section | undefined;
}

export function planDocument(plan: Plan): Document {
  const count = plan.resources.reduce((sum, group) => sum + group.count, 0);
  return {
    title: `Plan of stack ${plan.stack}: ${plural(count, 'resource')}, ${plural(pipelineCount(plan), 'pipeline')}`,
    estate: [
      resourcesSection(plan),
      ...runTablesSection(plan),
      iamSection(plan.iam),
      schedulesSection(plan.schedules),
    ],
    changes: plan.changes === undefined ? undefined : changesSection(plan.changes),
    problems:
      plan.problems.length === 0
        ? undefined
        : { title: 'Problems', blocks: plan.problems.map((problem) => text(problem)) },
  };
}

function resourcesSection({ resources }: Plan): Section {
  const rows = resources.flatMap(({ pipeline = 'estate', types }) =>
    types.map(({ type, names }, index) => [
      index === 0 ? pipeline : '',
      type,
      String(names.length),
      names.join(', '),
    ]),
  );
  return { title: 'Resources', blocks: [table(['pipeline', 'type', 'n', 'names'], rows, 'none')] };
}

/** Tables of ClickHouse, PostgreSQL and the like, which a reader of the plan would miss among the resources. */
function runTablesSection({ tablesOfRuns = [] }: Plan): Section[] {
  if (tablesOfRuns.length === 0) return [];
  const rows = tablesOfRuns.map(({ pipeline, warehouse, kind, id, schema }) => [
    pipeline,
    `${warehouse} (${kind})`,
    id.slice(id.indexOf(':') + 1),
    `schemas/${schema}.json`,
  ]);
  const columns = ['pipeline', 'warehouse', 'table', 'columns'];
  return [{ title: 'Tables that the runs make', blocks: [table(columns, rows)] }];
}

function iamSection({ grants }: IamTable): Section {
  return {
    title: 'IAM: who may do what',
    blocks: [table(['who', 'may', 'on', 'because of'], grants.map(grantRow), 'nobody gets any role')],
  };
}

function grantRow({ member, role, on, pipeline, because }: Grant): string[] {
  const reason = because === undefined ? 'UNEXPLAINED' : `${pipeline}: ${because}`;
  return [member, role, `${on.kind} ${on.name}`, reason];
}

function schedulesSection(schedules: readonly ScheduleLine[]): Section {
  const rows = schedules.map((line) => [line.name, inWords(line) ?? '', line.nextRuns.join('\n')]);
  return {
    title: 'Schedules',
    blocks: [table(['name', 'when', 'next three runs'], rows, 'nothing is started by the clock')],
  };
}

function changesSection(changes: Changes): Section {
  const { ref, commit, note } = changes.base;
  const title = `Changes since ${ref} (${commit.slice(0, 9)})`;
  const blocks: Block[] = [];
  if (note !== undefined) blocks.push(text(`The base ${note}: everything counts as added.`));
  if (!hasChanges(changes)) return { title, blocks: [...blocks, text('Nothing changes.')] };

  const { resources, iam, schedules, tables, schemaFiles } = changes;
  if (resources.length > 0)
    blocks.push(text(countOps(resources)), { kind: 'list', items: resources.map(resourceItem) });
  if (iam.gained.length > 0) blocks.push(text('IAM gained:'), table(iamColumns, iam.gained.map(grantRow)));
  if (iam.lost.length > 0) blocks.push(text('IAM lost:'), table(iamColumns, iam.lost.map(grantRow)));
  if (schedules.length > 0)
    blocks.push(
      text('Schedules:'),
      table(
        ['name', 'from', 'to'],
        schedules.map(({ name, from = 'none', to = 'none' }) => [name, from, to]),
      ),
    );
  for (const { id, pipeline, schema, kind, changes: inside, sql } of tables) {
    blocks.push(text(`Table ${id} (${pipeline}, schemas/${schema}.json):`), schemaTable(inside));
    if (kind !== undefined && inside.some(({ by }) => by === 'sql' || by === 'copy'))
      blocks.push(text(`Needs a person: change the table in ${kind} by hand before the next run.`));
    if (sql.length > 0)
      blocks.push(text('Needs a person: run this before the deployment, which never replaces a table.'), {
        kind: 'sql',
        text: sql.join('\n'),
      });
  }
  for (const { file, changes: inside } of schemaFiles)
    blocks.push(text(`${file} (no table of this stack is made from it):`), schemaTable(inside));
  return { title, blocks };
}

const iamColumns = ['who', 'may', 'on', 'because of'];

/** `2 added, 1 removed, 0 changed` */
function countOps(resources: readonly ResourceChange[]): string {
  const count = (op: ResourceChange['op']) => resources.filter((each) => each.op === op).length;
  return `Resources: ${count('added')} added, ${count('removed')} removed, ${count('changed')} changed.`;
}

function resourceItem({ op, type, name, properties, person }: ResourceChange): ListItem {
  const code = properties.find(({ path }) => path === 'source.sha256');
  // Its name and its file hold the hash too.
  const told = code === undefined ? properties : [{ ...code, path: 'code' }];
  const lines = told.map(({ path, from, to }) => `${path}: ${shown(from)} -> ${shown(to)}`);
  return {
    sign: ({ added: '+', removed: '-', changed: '~' } as const)[op],
    head: `${readableType(type)} ${name}`,
    lines: person === undefined ? lines : [...lines, `needs a person: ${person}`],
  };
}

function schemaTable(changes: readonly SchemaChange[]): Block {
  return table(
    ['change', 'column', 'from', 'to', 'done by', 'data that exists'],
    changes.map(({ class: kind, column = '', from = '', to = '', by, meaning }) => [
      kind,
      column,
      from,
      to,
      { deploy: 'deployment', run: 'the next run', nobody: 'nobody', sql: 'a person', copy: 'a person' }[by],
      meaning,
    ]),
  );
}

/** Values of a plan are short words; what is longer is recognised by its beginning. */
function shown(value: GraphValue | undefined): string {
  if (value === undefined) return 'none';
  if (value === null) return '(known after the deployment)';
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 12);
  const shownText = typeof value === 'string' ? value : JSON.stringify(value);
  return shownText.length > 80 ? `${shownText.slice(0, 79)}…` : shownText;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[], empty = ''): Block {
  return rows.length === 0 ? text(empty) : { kind: 'table', columns, rows };
}

function text(content: string): Block {
  return { kind: 'text', text: content };
}

function pipelineCount({ resources }: Plan): number {
  return resources.filter(({ pipeline }) => pipeline !== undefined).length;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
