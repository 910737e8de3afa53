import type { WriteMode } from '../../functions/core/cursor.ts';
import { bigqueryPlace, openCounterOnBigquery } from './bigquery-run.ts';
import { runCounter } from './counter-run.ts';

/** `bigquery-child.ts <write mode> <url>`: runs the counter source; whoever answers at the URL may kill it. */
const [mode, url] = process.argv.slice(2) as [WriteMode, string];
const warehouse = openCounterOnBigquery(url);
const summary = await runCounter({ mode, place: bigqueryPlace, warehouse });
console.log(summary.run.status);
