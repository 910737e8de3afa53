import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Replication } from './pipeline.ts';
import { runReplication } from './pipeline.ts';
import { openBigqueryAt } from './warehouse-place.ts';

/** What a child gets as its one argument, as JSON. */
export interface ChildOrder {
  readonly replication: Replication;
  /** A configuration, or the URL of a BigQuery emulator. */
  readonly warehouse: WarehouseConfig | string;
  readonly secret?: unknown;
  /** Dies by SIGKILL after this many side effects; 0 for never. */
  readonly last: number;
  /** How far its clock is ahead. */
  readonly aheadMs: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as ChildOrder;
const warehouse =
  typeof order.warehouse === 'string'
    ? openBigqueryAt(order.warehouse)
    : await openWarehouse(order.warehouse, { root: '/', secret: order.secret });
let effects = 0;
const note = (): void => {
  effects += 1;
  if (effects === order.last) process.kill(process.pid, 'SIGKILL');
};
const summary = await runReplication(order.replication, {
  warehouse,
  onEvent: note,
  log: { debug: note, info: note, warn: note },
  now: () => new Date(Date.now() + order.aheadMs),
});
await warehouse.close();
if (summary.run.status !== 'succeeded') throw new Error(`${summary.run.status}: ${summary.run.error}`);
console.log(effects);
