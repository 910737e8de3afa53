import { openDuckdb } from '../../../functions/core/warehouses/duckdb/warehouse.ts';
import type { Replication } from '../../../tests/replication/pipeline.ts';
import { runReplication } from '../../../tests/replication/pipeline.ts';

/** What the parent orders. */
export interface FollowOrder {
  readonly replication: Replication;
  readonly path: string;
  /** Changes after which it ends. */
  readonly changes: number;
}

/** What it tells when it ends: the changes that were committed by each moment, in milliseconds since 1970. */
export interface Followed {
  readonly commits: readonly (readonly [ms: number, changes: number])[];
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as FollowOrder;
const warehouse = await openDuckdb({ path: order.path });
const stop = new AbortController();
const commits: [number, number][] = [];
let changes = 0;
const before = process.cpuUsage();
const summary = await runReplication(order.replication, {
  warehouse,
  signal: stop.signal,
  onEvent: (event) => {
    if (event.type !== 'slice-committed') return;
    // The copy of the empty table is a slice too, without outcomes that count.
    changes += event.outcomes.reduce((sum, { inserted, updated }) => sum + inserted + updated, 0);
    commits.push([Date.now(), changes]);
    if (changes === 0) process.stderr.write('ready\n');
    if (changes >= order.changes) stop.abort();
  },
});
await warehouse.close();
if (summary.run.status !== 'succeeded') throw new Error(`${summary.run.status}: ${summary.run.error}`);
const { user, system } = process.cpuUsage(before);
const followed: Followed = {
  commits,
  cpuSeconds: (user + system) / 1e6,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(followed));
