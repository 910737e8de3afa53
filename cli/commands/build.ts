import type { Command } from 'commander';
import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly warehouse?: string;
}

export function buildCommand(): Command {
  return createCommand({
    name: 'build',
    summary: 'Bundle sources the way they are deployed: one file each, named by its content.',
    examples: [
      ['build', 'every folder of functions/'],
      ['build tiktok-marketing', 'one source'],
      ['build --warehouse clickhouse', 'as they are deployed beside another kind of warehouse'],
      ['build --json', 'paths, sizes and hashes for programs'],
    ],
  })
    .argument('[source...]', 'sources to bundle (default: all)')
    .option('--warehouse <kind>', 'the one warehouse in the bundle (default: bigquery)')
    .action(async (wanted: readonly string[], { root, json, ...options }: Options) => {
      const { bundleSource, maxBundleBytes } = await import('../../infra/bundle.ts');
      const { listSources, loadSource } = await import('../../infra/estate/sources.ts');
      const { relative } = await import('node:path');
      const sources = wanted.length > 0 ? wanted : listSources(root);
      const bundles = [];
      const warehouse = await parseKind(options.warehouse);
      for (const source of sources) {
        const declared = listSources(root).includes(source) ? await loadSource(root, source) : undefined;
        const { runsOn = 'function', openTables } = declared ?? {};
        const checksFiles = openTables !== undefined;
        bundles.push(await bundleSource(source, { root, warehouse, runsOn, checksFiles }));
      }

      const { printJson, printLines, terminalWidth } = await import('../print/terminal.ts');
      if (json) return printJson({ bundles, maxBytes: maxBundleBytes });
      const { renderTable } = await import('../print/table.ts');
      const { formatCount } = await import('../print/numbers.ts');
      const columns = [
        { title: 'source' },
        { title: 'bytes', align: 'right' as const },
        { title: 'hash' },
        { title: 'file' },
      ];
      const rows = bundles.map(({ source, bytes, hash, file }) => [
        source,
        formatCount(bytes),
        hash,
        relative(root, file),
      ]);
      printLines(renderTable({ columns, rows, width: terminalWidth() }).lines);
    });
}

async function parseKind(given = 'bigquery'): Promise<WarehouseConfig['kind']> {
  const { warehouseKinds } = await import('../../infra/estate/shapes.ts');
  const kinds = Object.keys(warehouseKinds) as WarehouseConfig['kind'][];
  const kind = kinds.find((each) => each === given);
  if (kind !== undefined) return kind;
  const { fatal } = await import('../../functions/core/errors.ts');
  throw fatal('bad-input', { what: 'there is no such kind of warehouse', got: given, allowed: kinds });
}
