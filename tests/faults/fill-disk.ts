import { fatal } from '../../functions/core/errors.ts';
import type { ExtractOf } from '../../functions/core/extract.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import { counterPipeline, now } from '../crash/counter-run.ts';
import { columns, rowsOf, source } from '../crash/counter-source.ts';

/** `fill-disk.ts <duckdb file>`: loads more than the disk holds, prints how that ended and what the file holds then. */
const [path = ''] = process.argv.slice(2);

const extract: ExtractOf<typeof source> = async function* ({ slice }) {
  if (slice.table !== 'append') throw fatal('internal', { what: 'only append is asked for' });
  const { start } = slice.window;
  if (start === '2026-11-07') yield { table: 'append', rows: rowsOf('a', start) };
  // The second slice: random text does not compress, so 64 MB of it are 64 MB on disk.
  else
    for (let page = 0; page < 64; page += 1)
      yield {
        table: 'append',
        rows: Array.from({ length: 1000 }, () => ({ day: start, id: noise(1024), value: 1 })),
      };
};

const config = { name: 'main', kind: 'duckdb', path, memoryLimit: '64MB' } as const;
const warehouse = await openWarehouse(config, { root: '/' });
const pipeline = counterPipeline('append', { config });
const ended = await runPipeline({
  pipeline,
  group: 'g',
  source,
  code: { extract: extract as never },
  schemas: { 'counter/rows': columns },
  warehouse,
  secret: {},
  trigger: 'test',
  now: () => now,
}).then(
  ({ run, failures }) => ({ status: run.status, error: failures[0]?.error }),
  (error: Error & { code?: string }) => ({ status: 'threw', error: `${error.code}: ${error.message}` }),
);
const held = await warehouse.query('select count(*), count(distinct day) from crash.append').then(
  ({ rows }) => rows[0],
  () => 'closed',
);
await warehouse.close().catch(() => undefined);
console.log(JSON.stringify({ ...ended, held }));

function noise(length: number): string {
  let text = '';
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}
