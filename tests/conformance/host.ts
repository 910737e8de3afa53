import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCode } from '../../functions/core/extract.ts';
import type { OnRunEvent } from '../../functions/core/run/event.ts';
import type { RunSummary } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import type { Sandbox, SandboxModule } from '../../functions/core/sandbox.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { loadSchemas } from '../../infra/estate/schemas.ts';
import { parseEstate } from '../../infra/estate.ts';

export const root = join(import.meta.dirname, '../..');

/** A source folder as the suite finds it. */
export interface SourceFolder {
  readonly name: string;
  readonly source: AnySource;
  readonly code: SourceCode;
  readonly sandbox: SandboxModule;
}

export async function loadFolder(name: string): Promise<SourceFolder> {
  const folder = join(root, 'functions', name);
  const [declaration, code, sandbox] = await Promise.all([
    import(join(folder, 'source.ts')) as Promise<{ source: AnySource }>,
    import(join(folder, 'extract.ts')) as Promise<SourceCode>,
    import(sandboxFile(name)) as Promise<SandboxModule>,
  ]);
  return { name, source: declaration.source, code, sandbox };
}

/** Where the other side is a program that exists, such as a database, it is started by a file beside this one. */
function sandboxFile(name: string): string {
  const own = join(root, 'functions', name, 'sandbox.ts');
  return existsSync(own) ? own : join(import.meta.dirname, 'sandboxes', `${name}.ts`);
}

/** A source beside its own sandbox and an empty warehouse, on a clock that only waits move. */
export interface Host {
  readonly warehouse: Warehouse;
  readonly sandbox: Sandbox;
  run(options?: { readonly onEvent?: OnRunEvent; readonly log?: string[] }): Promise<RunSummary>;
  close(): Promise<void>;
}

export async function openHost(
  { name, source, code, sandbox: module }: SourceFolder,
  options: {
    readonly fault?: string;
    readonly variant?: string | undefined;
    readonly hosts?: readonly string[];
  } = {},
): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-conformance-'));
  let clock = Date.parse('2026-11-20T06:00:00Z');
  const now = () => new Date(clock);
  const sandbox = await module.startSandbox({
    now,
    ...(options.fault === undefined ? {} : { fault: options.fault }),
    ...(options.variant === undefined ? {} : { variant: options.variant }),
  });
  const path = join(folder, 'estate.duckdb');
  const group = { sandbox: true, ...sandbox.settings };
  const estate = await parseEstate(
    {
      warehouses: { main: { kind: 'duckdb', path } },
      pipelines: {
        [name]: {
          dataset: 'conformance',
          groups: { g: group },
          ...(sandbox.tables && { tables: sandbox.tables }),
        },
      },
    },
    { file: 'conformance', root, gcp: {} },
  );
  const [pipeline] = estate.pipelines;
  if (pipeline === undefined) throw new Error(`no pipeline for ${name}`);
  const warehouse = await openWarehouse(pipeline.warehouse, { root });
  const schemas = loadSchemas(root, pipeline);
  return {
    warehouse,
    sandbox,
    run: ({ onEvent, log } = {}) => {
      const keep = (fields: unknown, message: string) => log?.push(`${message} ${JSON.stringify(fields)}`);
      return runPipeline({
        pipeline,
        group: 'g',
        source: { ...source, hosts: options.hosts ?? source.hosts },
        code,
        schemas,
        warehouse,
        secret: sandbox.secret,
        trigger: 'test',
        baseUrl: options.hosts === undefined ? sandbox.baseUrl : undefined,
        onEvent,
        now,
        sleep: async (ms) => {
          clock += ms;
        },
        log: { debug: keep, info: keep, warn: keep },
      });
    },
    close: async () => {
      await warehouse.close();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
