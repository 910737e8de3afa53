import { systemClock } from '../clock.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { Pipeline } from '../pipeline.ts';
import type { RunSummary } from '../run/request.ts';
import { createRedactor } from '../secrets.ts';
import { openWarehouse } from '../warehouses/open.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { EntryConfig } from './config.ts';
import { parseConfig, reserveSeconds } from './config.ts';
import type { Bundled } from './entry.ts';
import type { Order } from './order.ts';
import { runBundled } from './run-bundled.ts';
import { openRunLog } from './run-log.ts';
import { readSecretFile, readWarehouseSecret } from './secret-file.ts';

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
      const login = await readWarehouseSecret(config.secretsDir, pipeline.warehouse);
      const secrets = [secret, login];
      const { log, onEvent, failed } = await openRunLog({ level: config.logLevel, secrets, bindings });
      const deadline = deadlineOf(config, started);
      const { baseUrl, share, dataflow } = config;
      try {
        return await withWarehouse((warehouse) =>
          runBundled(bundled, {
            pipeline,
            ...order,
            warehouse,
            secret,
            hidden: [login],
            trigger,
            signal,
            baseUrl,
            share,
            dataflow,
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

/**
 * An embedded warehouse is a file that one process has open at a time; it is given back between requests. So is a server's
 * connection, and a password that was changed is seen by the next request.
 */
function shareWarehouse(config: EntryConfig): Host['withWarehouse'] {
  let opened: Promise<Warehouse> | undefined;
  let closed: Promise<void> = Promise.resolve();
  let users = 0;
  return async (use) => {
    users += 1;
    opened ??= closed.then(() => openOwn(config));
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

async function openOwn({ pipeline, root, secretsDir }: EntryConfig): Promise<Warehouse> {
  const { warehouse, dataset } = pipeline;
  const secret = await readWarehouseSecret(secretsDir, warehouse);
  try {
    return await openWarehouse(warehouse, { root, dataset, secret });
  } catch (error) {
    // A driver may quote what it was given.
    throw createRedactor([secret]).redactValue(error);
  }
}
