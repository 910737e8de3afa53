import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

const prefix = '\0lazy:';

/** What a bundle requires of DuckDB: its package where packages are installed, else only the native part of it. */
export function duckdbPackage(isEmbedded: boolean): string {
  return isEmbedded ? '@duckdb/node-bindings' : '@duckdb/node-api';
}

/** True when one of these modules is DuckDB. */
export function usesDuckdb(modules: readonly string[]): boolean {
  return [true, false].some((isEmbedded) => modules.includes(prefix + duckdbPackage(isEmbedded)));
}

/**
 * Loads built-in modules and outside packages when the module that imports them is first evaluated.
 *
 * An inlined dynamic import is evaluated late, but the `import` statements of outside modules in it are hoisted to the
 * top of the bundle: `node:http2`, `node:tls` and friends, which only the HTTP client needs, cost an empty function a
 * third of its start, and a native package more than all of it. As CommonJS modules they are evaluated in their turn.
 */
export function lazyImports(embedsDuckdb: boolean): Plugin {
  // They stay outside: native code, and what is there already when the function starts.
  const outside = [duckdbPackage(embedsDuckdb), '@google-cloud/functions-framework'];
  return {
    name: 'lazy-imports',
    resolveId(specifier, importer) {
      if (importer?.startsWith(prefix)) return { id: specifier, external: true };
      const builtin = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, '')}` : undefined;
      // The bundle's own require is made by this one.
      if (builtin === 'node:module') return { id: builtin, external: true };
      if (builtin !== undefined) return prefix + builtin;
      return outside.includes(specifier) ? prefix + specifier : null;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      const name = JSON.stringify(id.slice(prefix.length));
      const value = id.startsWith(`${prefix}node:`)
        ? `process.getBuiltinModule(${name})`
        : `require(${name})`;
      return { code: `module.exports = ${value};`, moduleType: 'js' };
    },
  };
}
