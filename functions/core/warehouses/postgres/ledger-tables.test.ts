import { expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { migrateLedger, migrations } from './ledger-tables.ts';
import { useServer } from './testing.ts';

const fixture = useServer();

it('brings a ledger of an older version up to this one, keeps its rows and says when', async () => {
  const { host, port, user, password } = fixture.server;
  const config = {
    name: 'main',
    kind: 'postgres',
    host,
    port,
    database: await fixture.databaseOf('old'),
  } as const;
  const database = await openDatabase(config, { user, password });
  await database.transaction((sql) => migrateLedger(sql, 1));
  await database.run((sql) =>
    sql.run(
      `INSERT INTO catchment.runs (run_id, pipeline, "group", lane, trigger, status, started_at, slices_planned, slices_done,
         slices_failed, rows_read, rows_loaded, rows_unchanged, rows_quarantined, bytes, api_calls, waited_ms)
       VALUES ('r1', 'pipe', 'g', 'incremental', 'test', 'succeeded', now(), 0, 0, 0, 7, 0, 0, 0, 0, 0, 0)`,
    ),
  );
  await database.close();

  const warehouse = await fixture.open('old');
  const runs = await warehouse.ledger.runs({ limit: 10 });
  expect(runs.map(({ runId, rowsRead }) => [runId, rowsRead])).toEqual([['r1', 7]]);
  const { rows } = await warehouse.query(
    'select version, applied_at is not null from catchment.migrations order by version',
  );
  expect(rows).toEqual(migrations.map((_, index) => [index + 1, true]));
  expect(migrations.length).toBeGreaterThan(1);
  await warehouse.close();
});

it('is made once when many processes open a new database at the same time', async () => {
  await fixture.databaseOf('many');
  const opened = await Promise.all(Array.from({ length: 6 }, () => fixture.open('many')));
  const { rows } = await fixture.run('many', 'SELECT count(*)::int AS n FROM catchment.migrations');
  expect(rows).toEqual([{ n: migrations.length }]);
  await Promise.all(opened.map((warehouse) => warehouse.close()));
});

it('refuses the ledger of a newer version', async () => {
  await (await fixture.open('newer')).close();
  await fixture.run('newer', 'INSERT INTO catchment.migrations (version) VALUES (99)');
  await expect(fixture.open('newer')).rejects.toMatchObject({
    kind: 'fatal',
    code: 'warehouse',
    message:
      'the ledger in this warehouse was written by a newer version of Catchment: got 99; ' +
      `allowed: versions up to ${migrations.length}; update Catchment`,
  });
});
