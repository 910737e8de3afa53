import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

export function newCommand(): Command {
  return createCommand({
    name: 'new',
    summary: 'Start a new source: a small one that works, to be changed into yours.',
    examples: [
      ['new my-source', 'writes functions/my-source/ and schemas/my-source/'],
      ['new my-source --json', 'the same, and prints the list of files'],
    ],
  })
    .argument('<name>', 'lower-case letters, digits and single dashes')
    .action(async (name: string, { root, stack, json }: CommonOptions) => {
      const { createSource } = await import('../new/create-source.ts');
      const { printJson, printLines } = await import('../print/terminal.ts');
      const files = createSource(root, name);
      const line = `${name}: { groups: { demo: { sandbox: true } } }`;
      if (json) return printJson({ name, files, stackFile: `stacks/Pulumi.${stack}.yaml`, line });
      printLines([
        ...files.map((file) => `wrote ${file}`),
        '',
        'Next:',
        `  1. see it pass        npx vitest run functions/${name} tests/conformance -t ${name}`,
        `  2. switch it on       stacks/Pulumi.${stack}.yaml, below pipelines:`,
        `                          ${line}`,
        `  3. load its sandbox   npx catchment run ${name}`,
        `  4. make it yours      functions/${name}/README.md says in which order`,
      ]);
    });
}
