import { type Command, Option } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly group?: string;
  readonly as?: string;
  readonly force?: boolean;
  readonly check?: boolean;
}

export function schemaInferCommand(): Command {
  return createCommand({
    name: 'infer',
    summary:
      'Write the schema files of tables from what their source says. Files that exist stay, unless forced.',
    examples: [
      ['schema infer shop', 'all tables of the pipeline in the stack file'],
      [
        'schema infer shop public.orders',
        'writes schemas/database/orders.json, before the stack file names it',
      ],
      ['schema infer shop orders --force', 'writes it anew, after a diff'],
      ['schema infer shop --check', 'for CI: tells which columns the source has changed, and writes nothing'],
    ],
  })
    .argument('<pipeline>', 'a pipeline of the stack file; it may name no table yet')
    .argument('[table]', 'a table of the stack file, or one that the source has')
    .option('--as <name>', "the schema file's name, for a table that the stack file does not name")
    .option('--group <name>', 'whose settings and secret are used (default: the first group)')
    .option('--force', 'overwrite files that differ')
    .addOption(
      new Option(
        '--check',
        'write nothing; exit 1 if a file is missing or the source changed since it was written',
      ).conflicts('force'),
    )
    .action(async (pipeline: string, table: string | undefined, _own: Options, command: Command) => {
      // `schema` has options of the same names, and takes them first.
      const options = command.optsWithGlobals<Options>();
      const { inferSchemas } = await import('../infer-schemas.ts');
      const { printJson, printLines, terminalWidth } = await import('../print/terminal.ts');
      const { inferredLines } = await import('../print/inferred.ts');
      const inferred = await inferSchemas({ ...options, pipeline, table });
      if (options.json) printJson(inferred);
      else printLines(inferred.flatMap((each) => inferredLines(each, terminalWidth())));
      const { exitCode } = await import('../exit-code.ts');
      if (inferred.some(({ outcome }) => outcome === 'differs' || outcome === 'missing'))
        process.exitCode = exitCode.failed;
    });
}
