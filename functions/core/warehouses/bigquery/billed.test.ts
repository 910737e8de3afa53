import { afterEach, beforeEach, expect, it } from 'vitest';
import { leastBilled } from './sandbox/jobs.ts';
import { openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.emulator.close();
});

it('adds up what its queries are billed for', async () => {
  const warehouse = fixture.open();
  expect(warehouse.billedBytes?.()).toBe(0);
  await takeLease(warehouse);
  await warehouse.prepare([target]);
  const before = warehouse.billedBytes?.() ?? 0;
  await warehouse.query('SELECT COUNT(*) AS n FROM ads');
  expect((warehouse.billedBytes?.() ?? 0) - before).toBe(leastBilled);
});

it('gives a ledger of before the column that bytes are kept in', async () => {
  const { catalog } = fixture.emulator;
  await takeLease(fixture.open());
  for (const name of catalog.names('marts').filter((each) => !each.includes('lease'))) {
    const table = catalog.find('marts', name);
    const labels = { app: 'catchment', catchment_ledger: '1' };
    if (name !== 'catchment_runs') {
      table.body = { ...table.body, labels };
      continue;
    }
    await catalog.remove('marts', name);
    await catalog.create('marts', {
      tableReference: { projectId: 'acme', datasetId: 'marts', tableId: name },
      schema: { fields: table.columns.filter((column) => column.name !== 'bytes_billed') },
      labels,
    });
  }
  const warehouse = fixture.open();
  const run = {
    ...({ runId: 'r', pipeline: 'p', group: 'g', lane: 'incremental', trigger: 'test' } as const),
    ...({ status: 'succeeded', startedAt: new Date(0), slicesPlanned: 0, slicesDone: 0 } as const),
    ...{ slicesFailed: 0, rowsRead: 0, rowsLoaded: 0, rowsUnchanged: 0, rowsQuarantined: 0 },
    ...{ bytes: 0, apiCalls: 0, waitedMs: 0, bytesBilled: 2 ** 41 },
  };
  await warehouse.ledger.saveRun(run);
  expect(await warehouse.ledger.runs({ limit: 1 })).toEqual([run]);
});
