import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import type { BundlePlace } from './cache.ts';

const prefix = '\0left-out:';

const engine = '\0left-out-engine';

/**
 * Leaves the warehouses out that the pipeline does not write to: `openWarehouse` keeps the import of one kind, and of
 * the others a sentence. A bundle with all five would carry four database clients that it never calls.
 */
export function onlyWarehouse({ warehouse, project }: BundlePlace): Plugin {
  return {
    name: 'only-warehouse',
    resolveId(specifier, importer) {
      // Its template writes to BigQuery alone.
      if (warehouse !== 'bigquery' && specifier.startsWith('../engines/dataflow/')) return engine;
      if (importer?.endsWith('/functions/core/warehouses/open.ts') !== true) return null;
      const [, kind] = /^\.\/(\w+)\/warehouse\.ts$/.exec(specifier) ?? [];
      return kind === undefined || kind === warehouse ? null : prefix + kind;
    },
    load(id) {
      if (id === engine) return withoutEngine(project);
      if (!id.startsWith(prefix)) return null;
      const kind = id.slice(prefix.length);
      const opener = `open${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      return `
import { fatal } from ${JSON.stringify(join(project, 'functions/core/errors.ts'))};
export async function ${opener}() {
  throw fatal('bad-input', {
    what: 'this bundle was made for another kind of warehouse',
    got: ${JSON.stringify(kind)},
    allowed: [${JSON.stringify(warehouse)}],
    todo: 'deploy the stack again',
  });
}
`;
    },
  };
}

function withoutEngine(project: string): string {
  return `
import { fatal } from ${JSON.stringify(join(project, 'functions/core/errors.ts'))};
const refuse = async () => {
  throw fatal('bad-input', {
    what: 'engine dataflow writes to BigQuery alone, and this bundle was made for another warehouse',
    todo: 'leave the engine out of the stack file and deploy the stack again',
  });
};
export { refuse as leftOfRound, refuse as readByDataflow };
`;
}
