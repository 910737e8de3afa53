import { NotificationChannel } from '@pulumi/gcp/monitoring/notificationChannel.js';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import type { Cloud } from './cloud.ts';

export interface AlertChannelsArgs {
  readonly cloud: Cloud;
  readonly emails: readonly string[];
}

/** Who hears of failed runs. */
export class AlertChannels extends ComponentResource {
  readonly channels: readonly Output<string>[];

  constructor(name: string, { cloud, emails }: AlertChannelsArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:AlertChannels', name, {}, options);
    const { project, labels, dependsOn } = cloud;
    this.channels = emails.map(
      (email) =>
        new NotificationChannel(
          `${name}-${email}`,
          {
            project,
            type: 'email',
            displayName: email,
            labels: { email_address: email },
            userLabels: labels,
          },
          { parent: this, dependsOn },
        ).name,
    );
    this.registerOutputs();
  }
}
