import type { Plugin } from 'rolldown';

interface Part {
  /** Package that imports it. */
  readonly of: string;
  readonly specifier: string;
  /** What stands in its place. */
  readonly code: string;
}

const prefix = '\0unused:';

const refuse = (what: string) => `throw new Error(${JSON.stringify(`${what} is left out of bundles`)});`;

/** Parts of packages that are used only by those who ask for them, which nobody here does: a quarter of a bundle. */
const parts: readonly Part[] = [
  {
    of: 'got',
    specifier: './utils/http2-client.js',
    code: `export default { auto() { ${refuse('HTTP/2')} } };`,
  },
  {
    of: 'got',
    specifier: 'cacheable-request',
    code: `export class CacheError extends Error {}
export default class { constructor() { ${refuse("got's cache")} } }`,
  },
  // Logs go to standard output, never to a worker thread.
  {
    of: 'pino',
    specifier: './transport',
    code: `module.exports = function () { ${refuse("pino's transport")} };`,
  },
  {
    of: 'pino',
    specifier: './lib/transport',
    code: `module.exports = function () { ${refuse("pino's transport")} };`,
  },
  { of: 'pg', specifier: './native', code: refuse('the native client of pg') },
  // Passwords come from secrets.
  { of: 'pg', specifier: 'pgpass', code: `module.exports = (_, done) => done();` },
  { of: 'pg', specifier: 'pg-cloudflare', code: 'module.exports = {};' },
];

/** Leaves out what no code path of a handler reaches, though the bundler cannot know it. */
export function withoutUnused(): Plugin {
  return {
    name: 'without-unused',
    resolveId(specifier, importer) {
      const found = parts.findIndex(
        (part) => part.specifier === specifier && importer?.includes(`/node_modules/${part.of}/`) === true,
      );
      return found === -1 ? null : `${prefix}${found}`;
    },
    load(id) {
      const part = id.startsWith(prefix) ? parts[Number(id.slice(prefix.length))] : undefined;
      return part === undefined ? null : { code: part.code, moduleType: 'js' };
    },
  };
}
