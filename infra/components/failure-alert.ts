import { AlertPolicy } from '@pulumi/gcp/monitoring/alertPolicy.js';
import { ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { handlerName } from '../names.ts';
import type { Cloud } from './cloud.ts';

export interface FailureAlertArgs {
  readonly cloud: Cloud;
  readonly pipeline: Pipeline;
  /** Notification channels; without any the alert is seen in the console only. */
  readonly channels: readonly Input<string>[];
}

/** Opens an incident when a pipeline writes an error to its log: a run that failed, or a request answered with 500. */
export class FailureAlert extends ComponentResource {
  readonly policy: AlertPolicy;

  constructor(name: string, args: FailureAlertArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:FailureAlert', name, {}, options);
    const { cloud, pipeline, channels } = args;
    this.policy = new AlertPolicy(
      name,
      {
        project: cloud.project,
        displayName: `Catchment: ${pipeline.name} failed`,
        combiner: 'OR',
        conditions: [
          { displayName: 'Error in the log', conditionMatchedLog: { filter: logFilter(pipeline) } },
        ],
        // One message an hour, and an incident closes a day after the last error.
        alertStrategy: { notificationRateLimit: { period: '3600s' }, autoClose: '86400s' },
        documentation: {
          mimeType: 'text/markdown',
          content: `Ask \`catchment status\` which slices of **${pipeline.name}** failed; the next run takes them first.`,
        },
        notificationChannels: [...channels],
        userLabels: { ...cloud.labels, source: pipeline.source, pipeline: pipeline.name },
        severity: 'ERROR',
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

function logFilter({ name, runsOn }: Pipeline): string {
  const resource =
    runsOn === 'job'
      ? `resource.type="cloud_run_job" AND resource.labels.job_name="${handlerName(name)}"`
      : `resource.type="cloud_run_revision" AND resource.labels.service_name="${handlerName(name)}"`;
  // 503 is a run that was deferred: the scheduler calls again, and nobody needs to come.
  return `${resource} AND severity>=ERROR AND NOT httpRequest.status=503`;
}
