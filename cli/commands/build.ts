import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

export function buildCommand(): Command {
  return createCommand({
    name: 'build',
    summary: 'Bundle sources the way they are deployed: one file each, named by its content.',
    examples: [
      ['build', 'every folder of functions/'],
      ['build tiktok-marketing', 'one source'],
      ['build --json', 'paths, sizes and hashes for programs'],
    ],
  })
    .argument('[source...]', 'sources to bundle (default: all)')
    .action(async (wanted: readonly string[], { root, json }: CommonOptions) => {
      const { bundleSource, maxBundleBytes } = await import('../../infra/bundle.ts');
      const { listSources } = await import('../../infra/estate/sources.ts');
      const { relative } = await import('node:path');
      const sources = wanted.length > 0 ? wanted : listSources(root);
      const bundles = [];
      for (const source of sources) bundles.push(await bundleSource(source, { root }));

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
