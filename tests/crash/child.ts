import type { WriteMode } from '../../functions/core/cursor.ts';
import { openCounter, runCounter } from './counter-run.ts';

/** `child.ts <write mode> <duckdb file> <n>`: runs the counter source and dies by SIGKILL after its n-th side effect. */
const [mode, path, last] = process.argv.slice(2) as [WriteMode, string, string];
const warehouse = await openCounter(path);
let effects = 0;
await runCounter({
  mode,
  path,
  warehouse,
  onEvent: () => {
    effects += 1;
    if (effects === Number(last)) process.kill(process.pid, 'SIGKILL');
  },
});
await warehouse.close();
console.log(effects);
