import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unavailable } from '../../tests/setup/unavailable.ts';
import type { PipelineTable } from '../core/pipeline.ts';
import type { RunSummary } from '../core/run/request.ts';
import { runPipeline } from '../core/run/run.ts';
import type { Column } from '../core/schema.ts';
import { openWarehouse } from '../core/warehouses/open.ts';
import type { Warehouse } from '../core/warehouses/warehouse.ts';
import * as code from './extract.ts';
import type { Azurite } from './sandbox/azurite.ts';
import { startAzurite } from './sandbox/azurite.ts';
import type { TestPlace } from './sandbox/places.ts';
import { openPlace } from './sandbox/places.ts';
import type { FileOptions } from './source.ts';
import { source } from './source.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'text', type: 'STRING', mode: 'NULLABLE' },
];
const noAzurite = unavailable('azurite');

let folder: string;
let place: TestPlace;
let warehouse: Warehouse;
let azurite: Azurite | undefined;
let runs = 0;

beforeAll(async () => {
  if (noAzurite === undefined) azurite = await startAzurite();
}, 60_000);
afterAll(() => azurite?.close());

describe.each(['gs', 's3', 'azure'] as const)('files of %s in a warehouse', (kind) => {
  beforeEach(async ({ skip }) => {
    if (kind === 'azure') skip(noAzurite !== undefined, noAzurite);
    runs = 0;
    folder = await mkdtemp(join(tmpdir(), 'catchment-files-run-'));
    place = await openPlace(kind, { azurite });
    const path = join(folder, 'estate.duckdb');
    warehouse = await openWarehouse({ name: 'main', kind: 'duckdb', path }, { root: folder });
  });
  afterEach(async () => {
    await warehouse?.close();
    await place?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function run(options: FileOptions): Promise<RunSummary> {
    const table: PipelineTable = {
      declared: 't',
      name: 't',
      schema: 'files/t',
      key: [],
      writeMode: 'replaceWindow',
      cursor: { kind: 'objects' },
      options,
    };
    // Each run a little later than the last; stores refuse a clock that is a quarter of an hour off.
    runs += 1;
    const now = new Date(Date.now() + runs * 1000);
    return runPipeline({
      pipeline: {
        name: 'p',
        source: 'files',
        warehouse: { name: 'main', kind: 'duckdb', path: join(folder, 'estate.duckdb') },
        dataset: 'd',
        tables: [table],
        groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: place.settings }],
        schedule: { cron: '0 6 * * *', timeZone: 'UTC', paused: false },
        runsOn: 'job',
      },
      group: 'g',
      source,
      code: code as never,
      schemas: { 'files/t': columns },
      warehouse,
      secret: place.secret,
      trigger: 'test',
      baseUrl: place.baseUrl,
      now: () => now,
      sleep: async () => {},
    });
  }

  const rows = async () =>
    (await warehouse.query('select id, text from d.t order by id')).rows.map((row) => row.join(' '));

  it('load once, do nothing when nothing changed, and follow what changes', async () => {
    await place.put('a.csv', 'id,text\n1,"one\nline"\n');
    await place.put('b.csv.gz', gzipSync('id,text\n2,two\n'));
    expect((await run({ path: '*' })).run.status).toBe('succeeded');
    expect(await rows()).toEqual(['1 one\nline', '2 two']);

    const served = place.bytesServed();
    const again = await run({ path: '*' });
    expect(again.skipped).toEqual(['t: a.csv has not changed', 't: b.csv.gz has not changed']);
    expect([again.run.slicesPlanned, place.bytesServed()]).toEqual([0, served]);

    await place.put('a.csv', 'id,text\n1,uno\n3,tres\n');
    await run({ path: '*' });
    expect(await rows()).toEqual(['1 uno', '2 two', '3 tres']);
  });

  it('keep the rows of an object that is gone, and say so, or remove them when told to', async () => {
    await place.put('a.csv', 'id,text\n1,one\n');
    await place.put('b.csv', 'id,text\n2,two\n');
    await run({ path: '*.csv' });
    await place.remove('b.csv');
    expect((await run({ path: '*.csv' })).skipped).toContain('t: b.csv is gone; its rows stay');
    expect(await rows()).toEqual(['1 one', '2 two']);
    const removed = await run({ path: '*.csv', onDelete: 'remove' });
    expect(removed.tables[0]).toMatchObject({ slices: 1, deleted: 1, inserted: 0 });
    expect(await rows()).toEqual(['1 one']);
    expect((await run({ path: '*.csv', onDelete: 'remove' })).run.slicesPlanned).toBe(0);
  });

  it('lose nothing to one bad file: it fails alone, and loads when it is delivered again', async () => {
    const whole = gzipSync(`id,text\n${'2,two\n'.repeat(1000)}`);
    await place.put('a.csv', 'id,text\n1,one\n');
    await place.put('b.csv.gz', whole.subarray(0, whole.length - 20));
    await place.put('c.csv', 'id,text\n3,three\n');
    const first = await run({ path: '*' });
    expect(first.run.status).toBe('partial');
    expect(first.failures.map(({ error }) => error)).toEqual([
      expect.stringContaining('the gzip file ends too early'),
    ]);
    expect(await rows()).toEqual(['1 one', '3 three']);
    await place.put('b.csv.gz', whole);
    const second = await run({ path: '*' });
    expect([second.run.status, second.run.slicesPlanned, second.run.rowsLoaded]).toEqual([
      'succeeded',
      1,
      1000,
    ]);
  });

  it('come through a network that cuts and slows them, whole and once', async () => {
    for (let index = 0; index < 12; index += 1)
      await place.put(`${index}.csv`, `id,text\n${`${index},${'x'.repeat(100)}\n`.repeat(200)}`);
    const seen = new Set<string>();
    place.misbehave(({ kind: asked, key = '', count }) => {
      if (asked === 'read' && !seen.has(key)) {
        seen.add(key);
        return { cutAfter: 5000 };
      }
      return count % 5 === 4 ? { status: 503, code: 'SlowDown' } : undefined;
    });
    const ended = await run({ path: '*.csv' });
    expect([ended.run.status, ended.run.rowsLoaded]).toEqual(['succeeded', 2400]);
    expect(await rows()).toHaveLength(2400);
  });
});
