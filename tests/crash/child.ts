import type { WriteMode } from '../../functions/core/cursor.ts';
import type { CounterPlace } from './counter-run.ts';
import { openCounter, runCounter } from './counter-run.ts';

/** `child.ts <write mode> <place as JSON> <n>`: runs the counter source and dies by SIGKILL after its n-th side effect. */
const [mode, json, last] = process.argv.slice(2) as [WriteMode, string, string];
const place = JSON.parse(json) as CounterPlace;
const warehouse = await openCounter(place);
let effects = 0;
await runCounter({
  mode,
  place,
  warehouse,
  onEvent: () => {
    effects += 1;
    if (effects === Number(last)) process.kill(process.pid, 'SIGKILL');
  },
});
await warehouse.close();
console.log(effects);
