import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DayWindow, WriteMode } from '../functions/core/cursor.ts';
import { fatal } from '../functions/core/errors.ts';
import type { RunRecord } from '../functions/core/ledger/ledger.ts';
import type { Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';
import type { OnRunEvent } from '../functions/core/run/event.ts';
import type { RunSummary } from '../functions/core/run/request.ts';
import { createRedactor } from '../functions/core/secrets.ts';
import type { Warehouse } from '../functions/core/warehouses/warehouse.ts';
import type { Estate } from '../infra/estate.ts';
import { type Handlers, openHandlers } from './handlers.ts';
import { openSandboxes } from './sandboxes.ts';
import { readSecretFile, readWarehouseSecret } from './secrets.ts';
import type { Target } from './select.ts';
import { readStackFile } from './stack-file.ts';
import { mayHoldData, warehouseFile } from './warehouse-file.ts';

export interface TwinOptions {
  /** The project's folder. */
  readonly root: string;
  /** `local` for `stacks/Pulumi.local.yaml`. */
  readonly stack: string;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** Where the first sandbox listens. @default any free port */
  readonly sandboxPort?: number | undefined;
}

/** One run as a person asks for it. */
export interface Order extends Target {
  readonly trigger: RunRecord['trigger'];
  readonly window?: DayWindow | undefined;
  readonly tables?: readonly string[] | undefined;
  /** Reads tables of a log whole again: the named ones, else all. @default false */
  readonly resnapshot?: boolean | undefined;
  readonly writeMode?: WriteMode | undefined;
  readonly onEvent?: OnRunEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The estate of one stack on this machine: its sandboxes, its bundled handlers, its warehouses. */
export interface Twin {
  readonly estate: Estate;
  readonly handlers: Handlers;
  /** Opens a warehouse for reading; undefined when it was never written. */
  openExisting(config: WarehouseConfig): Promise<Warehouse | undefined>;
  /** Loads one group. Sandbox, bundle and warehouse are opened when first needed. */
  run(order: Order): Promise<RunSummary>;
  close(): Promise<void>;
}

/** @throws fatal `bad-input` when the stack file is missing or wrong; nothing else is opened yet */
export async function openTwin({ root, stack, now, sandboxPort }: TwinOptions): Promise<Twin> {
  const estate = await readStackFile({ root, stack, now });
  const sandboxes = openSandboxes({ root, now, port: sandboxPort });
  const handlers = openHandlers(root);
  const warehouses = new Map<string, Promise<Warehouse>>();

  const openWarehouse = (config: WarehouseConfig): Promise<Warehouse> => {
    const known = warehouses.get(config.name);
    if (known !== undefined) return known;
    const opened = openOne(root, config);
    warehouses.set(config.name, opened);
    return opened;
  };

  return {
    estate,
    handlers,
    async openExisting(config) {
      if (!mayHoldData(root, config)) return undefined;
      return openWarehouse(config);
    },
    async run({ pipeline, group, ...order }) {
      const source = estate.sources[pipeline.source];
      if (source === undefined)
        throw fatal('internal', { where: pipeline.name, what: 'its source is not loaded' });
      const handler = await handlers.load(pipeline);
      const sandbox = group.sandbox ? await sandboxes.start(pipeline.source) : undefined;
      const secret = sandbox?.secret ?? readSecretFile(root, pipeline, group);
      return handler.run({
        ...order,
        pipeline: withSettings(pipeline, group.name, sandbox?.settings ?? {}),
        group: group.name,
        warehouse: await openWarehouse(pipeline.warehouse),
        secret,
        hidden: [readWarehouseSecret(root, pipeline.warehouse)],
        baseUrl: sandbox?.baseUrl,
        now,
      });
    },
    async close() {
      for (const opened of warehouses.values()) await (await opened.catch(() => undefined))?.close();
      await sandboxes.close();
    },
  };
}

async function openOne(root: string, config: WarehouseConfig): Promise<Warehouse> {
  const { openWarehouse } = await import('../functions/core/warehouses/open.ts');
  const file = warehouseFile(root, config);
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const secret = readWarehouseSecret(root, config);
  try {
    return await openWarehouse(config, { root, secret });
  } catch (error) {
    // A driver may quote what it was given.
    throw createRedactor([secret]).redactValue(error);
  }
}

/** A sandbox brings settings of its own; what the stack file says wins. */
function withSettings(
  pipeline: Pipeline,
  group: string,
  settings: Readonly<Record<string, unknown>>,
): Pipeline {
  const groups = pipeline.groups.map((each) =>
    each.name === group ? { ...each, settings: { ...settings, ...each.settings } } : each,
  );
  return { ...pipeline, groups };
}
