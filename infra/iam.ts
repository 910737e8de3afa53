import type { Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';
import type { AnySource } from '../functions/core/source.ts';
import { grantsOf } from './grants.ts';
import {
  accountEmail,
  handlerName,
  passwordSecretName,
  pipelineAccountName,
  schedulerAccountName,
} from './names.ts';

/** One role of one account on one thing, and the line of the stack file that asks for it. */
export interface Binding {
  /** Name of the Pulumi resource; stable as long as the declaration is. */
  readonly id: string;
  /** `pipeline`: the account its code runs as. `scheduler`: the account that may start it. */
  readonly member: 'pipeline' | 'scheduler';
  readonly role: string;
  readonly on: {
    readonly kind: 'secret' | 'dataset' | 'project' | 'function' | 'job' | 'bucket' | 'account';
    /** Bare name, e.g. `EMPOWER_2025`. */
    readonly name: string;
    /** Cloud project that it belongs to. */
    readonly project: string;
  };
  /** Such as `groups.empower.secret = tiktok-api-credentials`. */
  readonly because: string;
}

export interface BindingContext {
  /** `gcp:project`, where secrets, functions and jobs live. */
  readonly project: string;
  /** Where the code of jobs is mounted from. */
  readonly stagingBucket: string;
  /** The pipeline's declaration, for what reading the source takes. */
  readonly source?: AnySource | undefined;
}

/**
 * Everything that may be done by the two accounts of a pipeline, computed from its declaration and from nothing
 * else. The program creates exactly these; the plan prints them.
 */
export function bindingsOf(pipeline: Pipeline, context: BindingContext): Binding[] {
  const { project, stagingBucket, source } = context;
  const { name, warehouse, dataset, runsOn, schedule } = pipeline;
  const bindings: Binding[] = [];
  for (const [secret, reasons] of secretsOf(pipeline))
    bindings.push({
      id: `${name}--secret--${secret}`,
      member: 'pipeline',
      role: 'roles/secretmanager.secretAccessor',
      on: { kind: 'secret', name: secret, project },
      because: reasons.join(', '),
    });
  if (warehouse.kind === 'bigquery')
    bindings.push(
      {
        id: `${name}--dataset`,
        member: 'pipeline',
        role: 'roles/bigquery.dataEditor',
        on: { kind: 'dataset', name: dataset, project: warehouse.project },
        because: `dataset = ${dataset}`,
      },
      {
        id: `${name}--queries`,
        member: 'pipeline',
        // Load and query jobs belong to a project; this role runs them and reads no data.
        role: 'roles/bigquery.jobUser',
        on: { kind: 'project', name: warehouse.project, project: warehouse.project },
        because: `warehouse = ${warehouse.name}`,
      },
    );
  if (runsOn === 'job')
    bindings.push({
      id: `${name}--code`,
      member: 'pipeline',
      role: 'roles/storage.objectViewer',
      on: { kind: 'bucket', name: stagingBucket, project },
      because: 'runsOn = job',
    });
  if (source !== undefined) {
    // A role that the warehouse asks for already is given once.
    const isNew = (grant: Binding) =>
      !bindings.some(
        ({ role, on }) => role === grant.role && on.kind === grant.on.kind && on.name === grant.on.name,
      );
    bindings.push(...grantsOf(pipeline, source).filter(isNew));
  }
  if (pipeline.engine === 'dataflow')
    bindings.push(...dataflowBindings(pipeline, { project, stagingBucket }));
  bindings.push({
    id: `${name}--start`,
    member: 'scheduler',
    // Each group starts the job with arguments of its own, which `run.invoker` does not cover.
    // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run
    role: runsOn === 'job' ? 'roles/run.jobsExecutorWithOverrides' : 'roles/run.invoker',
    on: { kind: runsOn, name: handlerName(name), project },
    because: `schedule = ${schedule.cron}`,
  });
  return bindings;
}

/**
 * What launches Dataflow jobs, and what their workers may do: they run as the pipeline's own account, so that they read and
 * write what the pipeline does and nothing else. https://cloud.google.com/dataflow/docs/concepts/security-and-permissions
 */
function dataflowBindings({ name }: Pipeline, { project, stagingBucket }: BindingContext): Binding[] {
  const account = pipelineAccountName(name);
  const granted = [
    ['launch', 'roles/dataflow.developer', { kind: 'project', name: project, project }],
    ['workers', 'roles/dataflow.worker', { kind: 'project', name: project, project }],
    ['temporary', 'roles/storage.objectUser', { kind: 'bucket', name: stagingBucket, project }],
    ['as-itself', 'roles/iam.serviceAccountUser', { kind: 'account', name: account, project }],
  ] as const;
  return granted.map(([what, role, on]) => ({
    id: `${name}--dataflow-${what}`,
    member: 'pipeline',
    role,
    on,
    because: 'engine = dataflow',
  }));
}

/** Who holds a binding, as IAM writes it. */
export function memberOf(binding: Binding, pipeline: Pipeline, project: string): string {
  const name = binding.member === 'pipeline' ? pipelineAccountName : schedulerAccountName;
  return `serviceAccount:${accountEmail(name(pipeline.name), project)}`;
}

/** The secrets of a pipeline, each with the lines of the stack file that name it. */
export function secretsOf({ groups, warehouse, engine }: Pipeline): Map<string, readonly string[]> {
  const secrets = new Map<string, string[]>();
  const add = (secret: string, reason: string) =>
    secrets.set(secret, [...(secrets.get(secret) ?? []), `${reason}.secret = ${secret}`]);
  for (const { name, secret } of groups) if (secret !== undefined) add(secret, `groups.${name}`);
  if (engine === 'dataflow')
    for (const { name, secret } of groups)
      if (secret !== undefined) add(passwordSecretName(secret), `engine = dataflow, groups.${name}`);
  const login = loginOf(warehouse);
  if (login !== undefined) add(login, `warehouse ${warehouse.name}`);
  return secrets;
}

/** Every secret of an estate once, by name, with the pipelines that read it. */
export function secretsOfAll(pipelines: readonly Pipeline[]): Map<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const pipeline of pipelines)
    for (const secret of secretsOf(pipeline).keys())
      readers.set(secret, [...(readers.get(secret) ?? []), pipeline.name]);
  return new Map([...readers].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Name of the secret of a warehouse that asks for a password. */
export function loginOf(warehouse: WarehouseConfig): string | undefined {
  return 'secret' in warehouse ? warehouse.secret : undefined;
}
