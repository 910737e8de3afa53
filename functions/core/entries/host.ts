import { systemClock } from '../clock.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { Pipeline } from '../pipeline.ts';
import type { RunSummary } from '../run/request.ts';
import { openWarehouse } from '../warehouses/open.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { EntryConfig } from './config.ts';
import { parseConfig, reserveSeconds } from './config.ts';
import type { Bundled } from './entry.ts';
import type { Order } from './order.ts';
import { runBundled } from './run-bundled.ts';
import { openRunLog } from './run-log.ts';
import { readSecretFile } from './secret-file.ts';

/** One deployed pipeline in this process: its configuration, and its warehouse while somebody uses it. */
export interface Host {
  readonly pipeline: Pipeline;
  readonly now: () => Date;
  run(
    order: Order,
    options: { readonly trigger: RunRecord['trigger']; readonly signal: AbortSignal },
  ): Promise<RunSummary>;
  /** Opens the warehouse for as long as `use` lasts; all who use it at once share it. */
  withWarehouse<T>(use: (warehouse: Warehouse) => Promise<T>): Promise<T>;
}

/** @throws fatal `bad-input` when the environment is wrong */
export function openHost(bundled: Bundled, env: NodeJS.ProcessEnv): Host {
  const config = parseConfig(env, bundled.source);
  const { pipeline } = config;
  const withWarehouse = shareWarehouse(config);
  return {
    pipeline,
    now: systemClock,
    withWarehouse,
    run: async (order, { trigger, signal }) => {
      const started = systemClock();
      const { source } = await bundled.declaration();
      const group = pipeline.groups.find(({ name }) => name === order.group);
      const where = `${pipeline.name}/${order.group}`;
      const secret = group && (await readSecretFile(config.secretsDir, group, source, where));
      const bindings = { pipeline: pipeline.name, group: order.group, source: pipeline.source };
      const { log, onEvent, failed } = await openRunLog({ level: config.logLevel, secret, bindings });
      const deadline = deadlineOf(config, started);
      const { baseUrl } = config;
      try {
        return await withWarehouse((warehouse) =>
          runBundled(bundled, {
            pipeline,
            ...order,
            warehouse,
            secret,
            trigger,
            signal,
            baseUrl,
            deadline,
            log,
            onEvent,
          }),
        );
      } catch (error) {
        failed(error);
        throw error;
      }
    },
  };
}

function deadlineOf({ timeoutSeconds }: EntryConfig, started: Date): Date | undefined {
  if (timeoutSeconds === undefined) return undefined;
  return new Date(started.getTime() + (timeoutSeconds - reserveSeconds) * 1000);
}

/** An embedded warehouse is a file that one process has open at a time; it is given back between requests. */
function shareWarehouse({ pipeline, root }: EntryConfig): Host['withWarehouse'] {
  let opened: Promise<Warehouse> | undefined;
  let closed: Promise<void> = Promise.resolve();
  let users = 0;
  return async (use) => {
    users += 1;
    opened ??= closed.then(() => openWarehouse(pipeline.warehouse, { root, dataset: pipeline.dataset }));
    const mine = opened;
    try {
      return await use(await mine);
    } finally {
      users -= 1;
      if (users === 0) {
        opened = undefined;
        closed = mine.then((warehouse) => warehouse.close()).catch(() => undefined);
        await closed;
      }
    }
  };
}
