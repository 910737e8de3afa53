import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResource,
  type Input,
  type Output,
  type Resource,
} from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { type Binding, bindingsOf, memberOf } from '../iam.ts';
import { accountEmail, pipelineAccountName, schedulerAccountName } from '../names.ts';
import { required } from '../required.ts';
import type { Cloud } from './cloud.ts';
import { createBinding } from './create-binding.ts';
import type { DuckdbLibrary } from './duckdb-library.ts';
import { FailureAlert } from './failure-alert.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { PipelineJob } from './pipeline-job.ts';
import { PipelineSchedule } from './pipeline-schedule.ts';
import type { SourceCode } from './source-code.ts';

export interface SourcePipelineArgs {
  readonly cloud: Cloud;
  readonly pipeline: Pipeline;
  readonly source: AnySource | undefined;
  readonly code: SourceCode;
  /** For jobs that check files. */
  readonly duckdb: DuckdbLibrary | undefined;
  readonly stagingBucket: string;
  /** What the bindings are on: dataset, secrets, bucket. */
  readonly bindTo: readonly Resource[];
  readonly channels: readonly Input<string>[];
}

/**
 * A source switched on in one environment: two service accounts with exactly the bindings of `bindingsOf`, the
 * function or job, a schedule for each group, and an alert.
 */
export class SourcePipeline extends ComponentResource {
  readonly name: string;
  readonly account: Account;
  readonly schedulerAccount: Account;
  readonly handler: PipelineFunction | PipelineJob;
  readonly schedules: readonly PipelineSchedule[];
  /** Address of the function; undefined for a job. */
  readonly uri: Output<string> | undefined;

  constructor(name: string, args: SourcePipelineArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:SourcePipeline', name, {}, options);
    const { cloud, pipeline, source, stagingBucket, bindTo, channels } = args;
    const { project, region, dependsOn } = cloud;
    this.name = name;

    const account = (suffix: string, accountId: string, does: string) =>
      new Account(
        `${name}-${suffix}`,
        { project, accountId, displayName: `${does} ${pipeline.name}` },
        { parent: this, dependsOn },
      );
    this.account = account('account', pipelineAccountName(pipeline.name), 'Runs');
    this.schedulerAccount = account('scheduler', schedulerAccountName(pipeline.name), 'Starts');

    const bindings = bindingsOf(pipeline, { project, stagingBucket, source });
    const bind = (who: Binding['member'], targets: Resource[]) =>
      bindings
        .filter(({ member }) => member === who)
        .map((binding) =>
          createBinding(
            { binding, member: memberOf(binding, pipeline, project), region },
            { parent: this, dependsOn: targets },
          ),
        );
    const grants = bind('pipeline', [this.account, ...bindTo]);
    // A deployment is refused while its account cannot read the secrets it mounts.
    const handler = createHandler(args, { parent: this, dependsOn: grants });
    this.handler = handler;
    this.uri = handler instanceof PipelineFunction ? handler.uri : undefined;
    const starts = bind('scheduler', [this.schedulerAccount, handler]);
    const schedule = (group: string, isResume: boolean) =>
      new PipelineSchedule(
        `${name}--${group}${isResume ? '--resume' : ''}`,
        {
          cloud,
          pipeline,
          group,
          serviceAccount: accountEmail(schedulerAccountName(pipeline.name), project),
          uri: this.uri,
          isResume,
        },
        { parent: this, dependsOn: starts },
      );
    this.schedules = pipeline.groups.flatMap((group) =>
      pipeline.engine === 'dataflow'
        ? [schedule(group.name, false), schedule(group.name, true)]
        : [schedule(group.name, false)],
    );
    new FailureAlert(`${name}-failed`, { cloud, pipeline, channels }, { parent: this, dependsOn });
    this.registerOutputs();
  }
}

function createHandler(
  { cloud, pipeline, code, duckdb, stagingBucket }: SourcePipelineArgs,
  options: { readonly parent: Resource; readonly dependsOn: CustomResource[] },
): PipelineFunction | PipelineJob {
  const shared = {
    cloud,
    pipeline,
    serviceAccount: accountEmail(pipelineAccountName(pipeline.name), cloud.project),
  };
  const dependsOn: Resource[] = [...options.dependsOn, code];
  if (pipeline.runsOn === 'job') {
    const library = code.needsDuckdb ? required(duckdb, 'the library of DuckDB') : undefined;
    if (library !== undefined) dependsOn.push(library);
    return new PipelineJob(
      pipeline.name,
      {
        ...shared,
        code: { bucket: stagingBucket, object: code.scriptName, modules: library?.folder },
      },
      { ...options, dependsOn },
    );
  }
  const object = required(code.archive, `the archive of ${pipeline.source}`).name;
  return new PipelineFunction(
    pipeline.name,
    { ...shared, code: { bucket: stagingBucket, object } },
    { ...options, dependsOn },
  );
}
