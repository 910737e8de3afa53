import { Job } from '@pulumi/gcp/cloudscheduler/job.js';
import { ComponentResource, type ComponentResourceOptions, type Input, interpolate } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { handlerName, resumeName, scheduleName } from '../names.ts';
import type { Cloud } from './cloud.ts';
import { functionLimits, jobStartDeadlineSeconds, resumeCron, scheduleRetries } from './limits.ts';

export interface PipelineScheduleArgs {
  readonly cloud: Cloud;
  readonly pipeline: Pipeline;
  readonly group: string;
  /** Account that starts the pipeline. */
  readonly serviceAccount: string;
  /** Address of the function; undefined for a job. */
  readonly uri: Input<string> | undefined;
  /** Goes on with what was deferred instead of beginning a run. @default false */
  readonly isResume?: boolean;
}

/** The clock of one group. */
export class PipelineSchedule extends ComponentResource {
  readonly job: Job;

  constructor(name: string, args: PipelineScheduleArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:PipelineSchedule', name, {}, options);
    const { cloud, pipeline, group, uri, isResume = false } = args;
    const { cron, timeZone, paused } = pipeline.schedule;
    this.job = new Job(
      name,
      {
        project: cloud.project,
        region: cloud.region,
        name: isResume ? resumeName(pipeline.name, group) : scheduleName(pipeline.name, group),
        description: `${isResume ? 'Goes on with' : 'Starts'} ${pipeline.name} for the group ${group}`,
        schedule: isResume ? resumeCron : cron,
        timeZone: isResume ? 'Etc/UTC' : timeZone,
        paused,
        retryConfig: { ...scheduleRetries },
        attemptDeadline: `${uri === undefined ? jobStartDeadlineSeconds : functionLimits.timeoutSeconds}s`,
        httpTarget: uri === undefined ? jobTarget(args) : functionTarget(args, uri),
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

function functionTarget({ group, serviceAccount, isResume }: PipelineScheduleArgs, uri: Input<string>) {
  return {
    ...post({ group, ...(isResume === true ? { resume: true } : {}) }),
    uri: interpolate`${uri}/extract`,
    oidcToken: { serviceAccountEmail: serviceAccount, audience: uri },
  };
}

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run */
function jobTarget({ cloud, pipeline, group, serviceAccount, isResume }: PipelineScheduleArgs) {
  const args = ['--group', group, ...(isResume === true ? ['--resume', 'true'] : [])];
  const { project, region } = cloud;
  const job = `projects/${project}/locations/${region}/jobs/${handlerName(pipeline.name)}`;
  return {
    ...post({ overrides: { containerOverrides: [{ args }] } }),
    uri: `https://run.googleapis.com/v2/${job}:run`,
    oauthToken: {
      serviceAccountEmail: serviceAccount,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    },
  };
}

function post(body: unknown) {
  return {
    httpMethod: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
  };
}
