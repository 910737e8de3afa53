import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { OutputChunk, Plugin, RolldownBuild } from 'rolldown';
import { rolldown } from 'rolldown';
import { fatal } from '../../functions/core/errors.ts';
import type { BundlePlace } from './cache.ts';
import { lazyImports } from './lazy-imports.ts';
import { onlyWarehouse } from './only-warehouse.ts';
import { withoutFiles } from './without-files.ts';
import { withoutUnused } from './without-unused.ts';

export interface Built {
  readonly code: string;
  /** Absolute paths of all modules. */
  readonly inputs: readonly string[];
  /** `path (bytes)`, largest first. */
  readonly largest: readonly string[];
}

const entryId = '\0catchment-entry';

/** Makes one ESM file out of a source and the runtime. Nothing is written. */
export async function build(place: BundlePlace): Promise<Built> {
  const { source, project } = place;
  let bundle: RolldownBuild | undefined;
  try {
    bundle = await rolldown({
      input: entryId,
      cwd: project,
      platform: 'node',
      tsconfig: false,
      plugins: [
        entry(place),
        onlyWarehouse(place),
        withoutFiles(place),
        withoutUnused(),
        lazyImports(place.duckdb === 'embedded'),
      ],
      onLog(level, log, report) {
        if (log.code === 'UNRESOLVED_IMPORT') report('error', log);
        else if (level === 'warn' && log.id?.includes('node_modules') !== true) report('error', log);
      },
    });
    const { output } = await bundle.generate({
      format: 'es',
      minify: true,
      comments: false,
      codeSplitting: false,
      entryFileNames: 'main.mjs',
    });
    const [chunk] = output;
    return { code: chunk.code, inputs: chunk.moduleIds, largest: largest(chunk, project) };
  } catch (error) {
    // No cause: the bundler's drawings fill a screen, and the sentence has what they say.
    throw fatal('bad-input', { where: source, what: `cannot be bundled: ${explain(error, project)}` });
  } finally {
    await bundle?.close();
  }
}

/** The module that no source has to write: the declaration, the extractor and the schemas, handed to the runtime. */
function entry({ source, root, project }: BundlePlace): Plugin {
  return {
    name: 'catchment-entry',
    resolveId: (specifier) => (specifier === entryId ? entryId : null),
    load(id) {
      if (id !== entryId) return null;
      const folder = join(root, 'schemas', source);
      const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
      const from = (...parts: string[]) => JSON.stringify(join(...parts));
      const schemas = names.sort().map((name, index) => ({
        load: `import schema${index} from ${from(folder, name)};`,
        entry: `${JSON.stringify(`${source}/${name.slice(0, -'.json'.length)}`)}: schema${index}`,
      }));
      return `
import { createEntry } from ${from(project, 'functions/core/entries/entry.ts')};
${schemas.map(({ load }) => load).join('\n')}
export const { handler, main, run } = createEntry({
  source: ${JSON.stringify(source)},
  declaration: () => import(${from(root, 'functions', source, 'source.ts')}),
  code: () => import(${from(root, 'functions', source, 'extract.ts')}),
  schemas: { ${schemas.map(({ entry }) => entry).join(', ')} },
});
if (import.meta.main) main(process.argv.slice(2), process.env).then((code) => { process.exitCode = code; });
`;
    },
  };
}

/** The bundler draws its mistakes over several lines, in colour; the first line and the place tell enough. */
function explain(thrown: unknown, project: string): string {
  const errors =
    thrown instanceof Error && 'errors' in thrown && Array.isArray(thrown.errors) ? thrown.errors : [thrown];
  const sentences = errors.map((error) => {
    const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
    const [, place] = /╭─\[ (.*) \]/.exec(text) ?? [];
    return [text.trim().split('\n')[0], place && `at ${place}`].filter(Boolean).join(' ');
  });
  return sentences.join('; ').replaceAll(`${project}/`, '');
}

function largest(chunk: OutputChunk, project: string): string[] {
  return Object.entries(chunk.modules)
    .map(([id, { renderedLength }]) => ({ name: relative(project, id), renderedLength }))
    .sort((a, b) => b.renderedLength - a.renderedLength)
    .slice(0, 5)
    .map(({ name, renderedLength }) => `${name} (${renderedLength})`);
}
