import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fatal } from '../functions/core/errors.ts';
import type { SourceCode } from '../functions/core/extract.ts';
import type { FoundTable, TableDescription } from '../functions/core/inspect.ts';
import type { Group, Pipeline } from '../functions/core/pipeline.ts';
import { openHttp } from '../functions/core/run/open-http.ts';
import { createRedactor } from '../functions/core/secrets.ts';
import type { AnySource } from '../functions/core/source.ts';
import { openSandboxes } from './sandboxes.ts';
import { readSecretFile } from './secrets.ts';
import { selectTargets } from './select.ts';
import { readStackFile } from './stack-file.ts';

export interface InspectionOptions {
  readonly root: string;
  readonly stack: string;
  /** A pipeline of the stack file. */
  readonly pipeline: string;
  /** @default the first one */
  readonly group?: string | undefined;
}

/** One thing to look at: a table of the stack file, or one that the source has. */
export interface Choice {
  /** The name of the stack file's entry; undefined for a table that has none yet. */
  readonly declared: string | undefined;
  /** Schema file below `schemas/`, without `.json`. */
  readonly schema: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A source that is asked about itself, with the settings and the secret of one group. */
export interface Inspection {
  readonly pipeline: Pipeline;
  readonly group: Group;
  tables(): Promise<readonly FoundTable[]>;
  /** Finds a table by its name in the stack file or in the source. */
  choose(name: string): Promise<Choice>;
  describe(options: Readonly<Record<string, unknown>>, sample: number): Promise<TableDescription>;
  close(): Promise<void>;
}

/** @throws fatal `bad-input` when the source cannot be asked, or there is no such pipeline or group */
export async function openInspection(options: InspectionOptions): Promise<Inspection> {
  const { root, stack } = options;
  const estate = await readStackFile({ root, stack, isDraft: true });
  const [target] = selectTargets(estate, options.pipeline, options.group);
  const source = target && estate.sources[target.pipeline.source];
  if (target === undefined || source === undefined)
    throw fatal('bad-input', { where: options.pipeline, what: 'has no group to ask with' });
  const { pipeline, group } = target;
  const code: SourceCode = await import(
    pathToFileURL(join(root, 'functions', pipeline.source, 'extract.ts')).href
  );
  const { inspect } = code;
  if (inspect === undefined)
    throw fatal('bad-input', {
      where: pipeline.name,
      what: `the source ${pipeline.source} has a fixed set of tables and cannot be asked for others`,
      todo: `see schemas/${pipeline.source}/`,
    });
  const sandboxes = openSandboxes({ root });
  const sandbox = group.sandbox ? await sandboxes.start(pipeline.source) : undefined;
  const secret = parsed(
    source.secret,
    sandbox?.secret ?? readSecretFile(root, pipeline, group) ?? {},
    pipeline,
  );
  const settings = parsed(source.settings, { ...sandbox?.settings, ...group.settings }, pipeline);
  const controller = new AbortController();
  const where = `${pipeline.name}/${group.name}`;
  const { http } = openHttp({
    request: { source, baseUrl: sandbox?.baseUrl, signal: controller.signal },
    setup: { where, settings, secret, now: () => new Date() },
  });
  const context = { settings, secret, http, signal: controller.signal };
  const redactor = createRedactor([secret]);
  const safely = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw redactor.redactValue(error);
    });
  const tables = () => safely(inspect.tables(context as never));

  return {
    pipeline,
    group,
    tables,
    describe: (own, sample) => safely(inspect.describe({ ...context, options: own, sample } as never)),
    async choose(name) {
      const entry = pipeline.tables.find(({ declared }) => declared === name);
      if (entry?.options !== undefined)
        return { declared: entry.declared, schema: entry.schema, options: entry.options };
      const found = await tables();
      const match = found.find((each) => each.name === name);
      if (match !== undefined) return { declared: undefined, schema: undefined, options: match.options };
      throw fatal('bad-input', {
        where,
        what: 'neither the stack file nor the source has such a table',
        got: name,
        allowed: [
          ...pipeline.tables.map(({ declared }) => declared),
          ...found.map((each) => each.name),
        ].slice(0, 50),
      });
    },
    async close() {
      controller.abort();
      await sandboxes.close();
    },
  };
}

function parsed(
  shape: AnySource['secret'],
  value: unknown,
  { name }: Pipeline,
): Readonly<Record<string, unknown>> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw fatal('bad-input', { where: name, what: mistakes.join('; ') });
}
