import { type Graph, type GraphResource, type GraphValue, shortType } from './graph.ts';

/** Who may do what, on what, because of which line of the declaration. */
export interface ExplainedBinding {
  readonly pipeline: string;
  /** Logical name of the resource that grants it. */
  readonly id: string;
  /** Id of a service account, such as `etl-tiktok-marketing`. */
  readonly member: string;
  readonly role: string;
  readonly on: { readonly kind: string; readonly name: string };
  readonly because: string;
}

export interface Grant extends Omit<ExplainedBinding, 'because' | 'pipeline'> {
  /** Undefined: nothing in the declarations asks for it. */
  readonly because?: string | undefined;
  readonly pipeline?: string | undefined;
}

export interface IamTable {
  /** What the program grants, sorted by member, then by what it is granted on. */
  readonly grants: readonly Grant[];
  /** Bindings that the declarations ask for and the program does not grant. */
  readonly missing: readonly ExplainedBinding[];
}

/**
 * Joins what a program registers with what the declarations ask for, by resource name. A grant that the declarations
 * do not know, or that has another role or member there, has no `because`.
 */
export function iamTable(graph: Graph, bindings: readonly ExplainedBinding[]): IamTable {
  const byId = new Map(bindings.map((binding) => [binding.id, binding]));
  const granted = new Set<string>();
  const grants: Grant[] = [];
  for (const resource of graph.resources.filter(isGrant)) {
    const binding = byId.get(resource.name);
    const isExplained = binding !== undefined && carriesOut(resource, binding);
    if (isExplained) granted.add(resource.name);
    grants.push(isExplained ? binding : unexplained(resource));
  }
  for (const dataset of graph.resources.filter(({ type }) => shortType(type) === 'Dataset'))
    grants.push(...inlineAccess(dataset));
  return {
    grants: grants.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    missing: bindings.filter(({ id }) => !granted.has(id)),
  };
}

/** The member is unknown before the deployment when the program takes it from the account's own output. */
function carriesOut({ inputs }: GraphResource, binding: ExplainedBinding): boolean {
  const { member = null } = inputs;
  const isMember = member === null || String(member).startsWith(`serviceAccount:${binding.member}@`);
  return inputs.role === binding.role && isMember;
}

/** `IAMMember`, `SecretIamBinding`, `DatasetIamPolicy`, `DatasetAccess`, `BucketACL`, ... of whatever service. */
function isGrant({ type }: GraphResource): boolean {
  return /iam(?:member|binding|policy)|^datasetaccess|accesscontrol|acl$/i.test(shortType(type));
}

function unexplained({ name, inputs, pipeline }: GraphResource): Grant {
  const members = inputs.member ?? inputs.members ?? inputs.entity ?? inputs.iamMember ?? null;
  const target = Object.entries(inputs).find(
    ([key, value]) => !notTargets.includes(key) && typeof value === 'string',
  );
  const ofProject = { kind: 'project', name: shown(inputs.project ?? null) };
  return {
    id: name,
    member: shown(members),
    role: shown(inputs.role ?? inputs.policyData ?? null),
    on: target === undefined ? ofProject : { kind: target[0], name: shown(target[1]) },
    pipeline,
  };
}

const notTargets = ['member', 'role', 'project', 'location', 'region', 'policyData', 'entity', 'iamMember'];

/** `accesses` of a dataset grants without an IAM resource of its own. */
function inlineAccess({ name, inputs, pipeline }: GraphResource): Grant[] {
  const accesses = Array.isArray(inputs.accesses) ? inputs.accesses : [];
  return accesses.map((access) => {
    const fields: { readonly [key: string]: GraphValue } = isObject(access) ? access : {};
    const { role = null, ...who } = fields;
    return {
      id: name,
      member: Object.values(who).map(shown).join(' '),
      role: shown(role),
      on: { kind: 'dataset', name: shown(inputs.datasetId ?? null) },
      pipeline,
    };
  });
}

function keyOf({ member, on, role, id }: Grant): string {
  return [member, on.kind, on.name, role, id].join('\n');
}

function shown(value: GraphValue): string {
  if (value === null) return '(known after the deployment)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: GraphValue | undefined): value is { readonly [key: string]: GraphValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
