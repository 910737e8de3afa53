import { fileURLToPath } from 'node:url';
import { Config, getStack } from '@pulumi/pulumi';
import { fatal } from '../functions/core/errors.ts';
import type { Gcp } from './estate/warehouses.ts';
import { type Estate, parseEstate } from './estate.ts';

/** An estate that has something to deploy. */
export interface CloudEstate extends Estate {
  readonly gcp: Gcp;
}

/** The project's folder. The program's working directory is `infra/` when the CLI runs it, and something else in a plan. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The configuration of this stack, read once. Nothing else asks Pulumi for configuration.
 *
 * @throws a fatal `bad-input` error that lists all mistakes
 */
export async function readConfig(): Promise<CloudEstate> {
  const gcpConfig = new Config('gcp');
  const project = gcpConfig.get('project');
  const region = gcpConfig.get('region');
  const file = `stacks/Pulumi.${getStack()}.yaml`;
  const estate = await parseEstate(new Config('catchment').getObject('estate'), {
    file,
    root,
    gcp: { ...(project === undefined ? {} : { project }), ...(region === undefined ? {} : { region }) },
  });
  if (estate.gcp === undefined)
    throw fatal('bad-input', {
      where: file,
      what: 'has no cloud warehouse, so there is nothing to deploy',
      todo: 'run it with `npm start`, or deploy another stack',
    });
  return { ...estate, gcp: estate.gcp };
}
