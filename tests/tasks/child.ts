import type { CounterPlace } from '../crash/counter-run.ts';
import { openCounter } from '../crash/counter-run.ts';
import { accountsOf, runTask } from './task-run.ts';

/**
 * `child.ts <place as JSON> <accounts> <index> <count> <n>`: one task of the counter pipeline in a process of its own, which
 * dies by SIGKILL after its n-th side effect; 0 lives.
 */
const [place = '', accounts, index, count, last] = process.argv.slice(2);
const parsed = JSON.parse(place) as CounterPlace;
const warehouse = await openCounter(parsed);
let effects = 0;
const summary = await runTask({
  place: parsed,
  warehouse,
  accounts: accountsOf(Number(accounts)),
  share: { execution: 'x-1', index: Number(index), count: Number(count) },
  onEvent: () => {
    effects += 1;
    if (effects === Number(last)) process.kill(process.pid, 'SIGKILL');
  },
  sleep: () => new Promise((resolve) => setTimeout(resolve, 20)),
});
await warehouse.close();
console.log(summary.run.status);
