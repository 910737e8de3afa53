import { expect, it } from 'vitest';
import { column } from './host.ts';
import { usePostgresDatabase } from './use-database.ts';

const database = usePostgresDatabase();

const columns = [
  column('id', 'INTEGER', 'REQUIRED', { sourceType: 'integer' }),
  column('made', 'DATE', 'NULLABLE', { sourceType: 'date' }),
];

const open = () =>
  database.open({
    orders: { columns, options: { from: 'public.orders' } },
    others: { columns: [column('id', 'INTEGER')], options: { from: 'public.others' } },
  });

it('loads nothing of a table whose column got a type that would be cut, and all of the others', async () => {
  await database.admin.query(`DROP TABLE IF EXISTS orders, others; CREATE TABLE others (id int);
    CREATE TABLE orders (id int, made date); INSERT INTO orders VALUES (1, '2024-05-01'); INSERT INTO others VALUES (7)`);
  const host = await open();
  expect((await host.run()).run.status).toBe('succeeded');
  await database.admin.query(`ALTER TABLE orders ALTER made TYPE timestamptz;
    UPDATE orders SET made = '2024-05-02 23:30:00+00'; UPDATE others SET id = 8`);
  const { run, failures } = await host.run();
  expect(run).toMatchObject({ status: 'partial', slicesDone: 1, slicesFailed: 1 });
  expect(failures[0]?.error).toContain(
    '[orders] public.orders changed since its schema file was written: "made" was date and is timestamp with time zone now, which DATE may not hold; ',
  );
  expect(await host.rows('SELECT id, made::VARCHAR FROM copy.orders')).toEqual([[1, '2024-05-01']]);
  expect(await host.rows('SELECT id FROM copy.others')).toEqual([[8]]);
}, 60_000);

it('loads a table whose column became wider, and says so', async () => {
  await database.admin.query(`DROP TABLE IF EXISTS orders, others; CREATE TABLE others (id int);
    CREATE TABLE orders (id bigint, made date); INSERT INTO orders VALUES (5000000000, NULL)`);
  const host = await open();
  expect((await host.run()).run.status).toBe('succeeded');
  expect(await host.rows('SELECT id::VARCHAR FROM copy.orders')).toEqual([['5000000000']]);
  expect(host.warnings).toEqual([
    'columns have another type than the schema file was written for, and still fit {"table":"orders","columns":["\\"id\\" was integer and is bigint"]}',
  ]);
}, 60_000);
