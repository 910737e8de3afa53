import type { ByteStream } from '../../functions/core/bytes.ts';
import { items } from '../../functions/core/warehouses/duckdb/draft-fixture.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';

/**
 * `fill-scratch.ts <duckdb file>`: pipes more than the temporary folder holds, then what fits, and prints how the first
 * ended, what the second read, and which tables there are.
 */
const [path = ''] = process.argv.slice(2);
const line = Buffer.from(`2026-11-01,${'x'.repeat(1000)},1\n`);

function lines(count: number): ByteStream {
  return {
    formats: ['csv'],
    columns: ['day', 'id', 'value'],
    open: () => ({
      chunks: (async function* () {
        const hundred = Buffer.concat(Array.from({ length: 100 }, () => line));
        for (let left = count; left > 0; left -= 100) yield hundred;
      })(),
      rows: () => count,
    }),
  };
}

const warehouse = await openWarehouse({ name: 'main', kind: 'duckdb', path }, { root: '/' });
await warehouse.prepare([items]);
const full = await warehouse.openStage(items, 'a');
const ended = await full.pipe([lines(100_000)]).then(
  () => ({ code: 'none', message: 'it fitted' }),
  ({ code, message }: { code: string; message: string }) => ({ code, message }),
);
await full.discard();
const next = await warehouse.openStage(items, 'a');
const { read } = await next.pipe([lines(5_000)]);
await next.discard();
const { rows: tables } = await warehouse.query(
  `select table_name from information_schema.tables where table_schema = 'conformance'`,
);
await warehouse.close();
console.log(JSON.stringify({ ...ended, read, tables }));
