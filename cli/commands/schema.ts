import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';
import { schemaInferCommand } from './schema-infer.ts';

export function schemaCommand(): Command {
  const command = createCommand({
    name: 'schema',
    summary:
      'Print the JSON schema of stack files, for completion in editors; it knows the sources of the project.',
    examples: [
      ['schema > .catchment/stack.json', 'write it to a file'],
      ['schema --json', 'the same: it is JSON already'],
      ['schema infer shop', 'write the schema files of a pipeline'],
    ],
  }).action(async ({ root }: CommonOptions) => {
    const { estateJsonSchema } = await import('../../infra/estate-schema.ts');
    const { listSources, loadSource } = await import('../../infra/estate/sources.ts');
    const { printJson } = await import('../print/terminal.ts');
    const sources = await Promise.all(
      listSources(root).map(async (name) => [name, await loadSource(root, name)] as const),
    );
    printJson(estateJsonSchema(Object.fromEntries(sources)));
  });
  return command.addCommand(schemaInferCommand());
}
