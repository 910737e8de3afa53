import { readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { isAbsolute, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';

/** One `import` as the bundler sees it, after types are gone. */
export interface Edge {
  /** Path below the root, with slashes. */
  readonly from: string;
  /** Path below the root, name of a package (`@duckdb/node-api`), or built-in module (`node:fs`). */
  readonly to: string;
  readonly isDynamic: boolean;
}

/** Every import of every module below `folders`, and of what they reach. Tests are left out. */
export async function readGraph(root: string, folders: readonly string[]): Promise<Edge[]> {
  const edges: Edge[] = [];
  const name = (id: string) => (isAbsolute(id) ? relative(root, id).split(sep).join('/') : id);
  const bundle = await rolldown({
    input: folders.flatMap((folder) => listModules(root, folder)).map((file) => join(root, file)),
    cwd: root,
    platform: 'node',
    tsconfig: false,
    treeshake: false,
    // Only the edges are wanted; that the names fit is the type checker's business.
    shimMissingExports: true,
    logLevel: 'silent',
    plugins: [
      {
        name: 'edges',
        resolveId: (specifier) =>
          specifier.startsWith('.') || isAbsolute(specifier)
            ? null
            : { id: packageOf(specifier), external: true },
        moduleParsed: ({ id, importedIds, dynamicallyImportedIds }) => {
          for (const to of importedIds) edges.push({ from: name(id), to: name(to), isDynamic: false });
          for (const to of dynamicallyImportedIds)
            edges.push({ from: name(id), to: name(to), isDynamic: true });
        },
      },
    ],
  });
  await bundle.generate({ format: 'es' });
  await bundle.close();
  return edges;
}

/** What `starts` reach, themselves included: by any import, or just by the static ones. */
export function reach(
  edges: readonly Edge[],
  starts: readonly string[],
  by: 'any' | 'static' = 'any',
): Set<string> {
  const next = Map.groupBy(
    edges.filter((edge) => by === 'any' || !edge.isDynamic),
    (edge) => edge.from,
  );
  const seen = new Set(starts);
  for (const from of seen) for (const { to } of next.get(from) ?? []) seen.add(to);
  return seen;
}

/** Modules of the product: no tests, and no helpers of tests (`testing.ts`, `testing/`). */
function listModules(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file).split(sep).join('/'))
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/testing(\.ts$|\/)/.test(file))
    .sort();
}

/** True for the name of a package, false for a file of ours or a built-in module. */
export function isPackage(id: string): boolean {
  return !isBuiltin(id) && !id.endsWith('.ts') && !id.endsWith('.json');
}

function packageOf(specifier: string): string {
  if (isBuiltin(specifier)) return `node:${specifier.replace(/^node:/, '')}`;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
