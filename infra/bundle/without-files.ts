import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import type { BundlePlace } from './cache.ts';

const prefix = '\0without-files:';

/** Modules that read files and byte streams for a warehouse, each with the function it exports. All are imported late. */
const readers: Readonly<Record<string, string>> = {
  'files/check-files.ts': 'checkFiles',
  'files/check-bytes.ts': 'checkBytes',
  'load/load-objects.ts': 'loadObjects',
};

/**
 * Leaves the reader of files out of a bundle whose source hands over rows only: it is a fifth of a function, and its
 * native package is not deployed there.
 */
export function withoutFiles({ duckdb, warehouse, project }: BundlePlace): Plugin {
  return {
    name: 'without-files',
    resolveId(specifier) {
      if (duckdb !== 'none' || warehouse === 'duckdb') return null;
      const file = specifier.split('/').slice(-2).join('/');
      return readers[file] === undefined ? null : prefix + file;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const reader = readers[id.slice(prefix.length)];
      return `
import { fatal } from ${JSON.stringify(join(project, 'functions/core/errors.ts'))};
export async function ${reader}() {
  throw fatal('internal', {
    what: 'this bundle reads no files, and its source handed some over',
    todo: 'declare openTables in the source, so that it is deployed with the reader of files',
  });
}
`;
    },
  };
}
