import { createHash } from 'node:crypto';
import { type Graph, type GraphResource, type GraphValue, shortType } from './graph.ts';

export interface PropertyChange {
  /** `labels.team`, `template.containers[0].image` */
  readonly path: string;
  /** Undefined where the property is new. */
  readonly from?: GraphValue | undefined;
  /** Undefined where the property is gone. */
  readonly to?: GraphValue | undefined;
}

export interface ResourceChange {
  readonly op: 'added' | 'removed' | 'changed';
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly pipeline?: string | undefined;
  readonly properties: readonly PropertyChange[];
  /** Why a person has to act: a deployment alone would lose data, or refuses. */
  readonly person?: string | undefined;
}

/** Resources that hold what nobody can compute again, and the properties that cannot be changed in place. */
const keepers: Readonly<Record<string, { readonly what: string; readonly fixed: readonly string[] }>> = {
  'gcp:bigquery/dataset:Dataset': { what: 'dataset', fixed: ['datasetId', 'location', 'project'] },
  'gcp:bigquery/table:Table': {
    what: 'table',
    fixed: [
      'datasetId',
      'tableId',
      'project',
      'timePartitioning.field',
      'timePartitioning.type',
      'rangePartitioning',
    ],
  },
  'gcp:secretmanager/secret:Secret': { what: 'secret', fixed: ['secretId', 'project', 'replication'] },
};

/** What differs between two programs, by URN. Components come and go with their children and are left out. */
export function graphDiff(before: Graph, after: Graph): ResourceChange[] {
  const old = new Map(before.resources.filter(({ custom }) => custom).map((each) => [each.urn, each]));
  const now = new Map(after.resources.filter(({ custom }) => custom).map((each) => [each.urn, each]));
  const changes: ResourceChange[] = [];
  for (const urn of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const from = old.get(urn);
    const to = now.get(urn);
    if (from === undefined && to !== undefined) changes.push(change('added', to, []));
    else if (from !== undefined && to === undefined) changes.push(change('removed', from, []));
    else if (from !== undefined && to !== undefined) {
      const properties = propertyChanges(comparable(from), comparable(to), '');
      if (from.protect !== to.protect)
        properties.push({ path: '(protect)', from: from.protect, to: to.protect });
      if (properties.length > 0) changes.push(change('changed', to, properties));
    }
  }
  return changes;
}

/** The leaves that differ. Text that holds JSON is compared as JSON. */
export function propertyChanges(
  from: GraphValue | undefined,
  to: GraphValue | undefined,
  path: string,
): PropertyChange[] {
  const [a, b] = [unfold(from), unfold(to)];
  if (Array.isArray(a) && Array.isArray(b)) {
    const indexes = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => index);
    return indexes.flatMap((index) => propertyChanges(a[index], b[index], `${path}[${index}]`));
  }
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return keys.flatMap((key) => propertyChanges(a[key], b[key], path === '' ? key : `${path}.${key}`));
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ path, from: a, to: b }];
}

function change(
  op: ResourceChange['op'],
  resource: GraphResource,
  properties: readonly PropertyChange[],
): ResourceChange {
  const { urn, type, name, pipeline } = resource;
  return { op, urn, type, name, pipeline, properties, person: needsPerson(op, resource, properties) };
}

function needsPerson(
  op: ResourceChange['op'],
  { type, protect, inputs }: GraphResource,
  properties: readonly PropertyChange[],
): string | undefined {
  const keeper = keepers[type];
  const isProtected = protect || inputs.deletionProtection === true;
  if (op === 'removed' && (keeper !== undefined || isProtected)) {
    const what = keeper?.what ?? shortType(type);
    return isProtected
      ? `the ${what} is protected: the deployment refuses to delete it`
      : `the ${what} would be deleted with what it holds`;
  }
  if (op !== 'changed' || keeper === undefined) return undefined;
  const fixed = properties.filter(({ path }) =>
    keeper.fixed.some((each) => path === each || path.startsWith(`${each}.`) || each.startsWith(`${path}.`)),
  );
  if (fixed.length === 0) return undefined;
  const names = fixed.map(({ path }) => path).join(', ');
  return `${names} cannot change in place, and the ${keeper.what} is never replaced: it holds data`;
}

/** Columns are compared by `tableChanges`, which knows that one more column does not change those after it. */
function comparable({ type, inputs }: GraphResource): { readonly [key: string]: GraphValue } {
  if (type !== 'gcp:bigquery/table:Table' || typeof inputs.schema !== 'string') return inputs;
  const columns = unfold(inputs.schema);
  const sha256 = createHash('sha256').update(inputs.schema).digest('hex').slice(0, 8);
  const count = Array.isArray(columns) ? columns.length : 0;
  return { ...inputs, schema: `${count} columns, ${sha256}` };
}

function unfold(value: GraphValue | undefined): GraphValue | undefined {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as GraphValue;
  } catch {
    return value;
  }
}

function isObject(value: GraphValue | undefined): value is { readonly [key: string]: GraphValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
