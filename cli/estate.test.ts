import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeProject } from './testing/project.ts';

const project = makeProject();
afterAll(() => project.remove());

describe('before anything is loaded', () => {
  it('answers a query with what to do', async () => {
    const { code, out, err } = await project.catchment('query', 'select 1');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'catchment: [warehouse main] nothing was loaded yet: there is no .catchment/estate.duckdb; run `npx catchment ' +
        'start` first\n',
    );
  });

  it('has a status, and makes no file for it', async () => {
    const { code, out } = await project.catchment('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^shop\/demo: never ran\n.*\n.*\nshop\.items {2}- +never loaded +0 +0\n$/);
    expect(existsSync(join(project.root, '.catchment'))).toBe(false);
  });
});

describe('start', () => {
  it('loads the sandbox, prints a table per group and three commands that work', async () => {
    const { code, out, err } = await project.catchment('start');
    expect({ code, err }).toMatchObject({ code: 0 });
    const [head, titles, , items] = out.split('\n');
    expect(head).toBe('shop/demo: succeeded');
    expect(titles?.trim().split(/ {2,}/)).toEqual([
      'table',
      'slices',
      'read',
      'loaded',
      'unchanged',
      'quarantined',
      'MB',
      'rows/s',
      'API calls',
      'seconds',
    ]);
    expect(items?.trim().split(/ +/)).toEqual(['shop.items', '1', '400', '400', '0', '0']);
    expect(out).toMatch(/\ntotal +1 +400 +400 +0 +0 +0\.\d +[\d,]+ +8 +\d\.\d\n/);
    expect(out).toMatch(/\nDuckDB file: \.catchment\/estate\.duckdb \([\d.]+ MB\)\n/);
    const commands = out.slice(out.indexOf('Look further:')).trim().split('\n').slice(1);
    expect(commands).toEqual([
      '  npx catchment query "from shop.items limit 10"',
      '  npx catchment status',
      '  npx catchment run shop --group demo',
    ]);
  });

  it('tells milestones on standard error', async () => {
    const { err } = await project.catchment('start');
    expect(err).toMatch(
      /^bundled shop: \d+ kB\nshop\/demo: 1 slice to load\nshop\/demo: succeeded, 1\/1 slice, 400 rows, \d\.\d s\n$/,
    );
  });

  it('loads nothing twice', async () => {
    const { code, out } = await project.catchment('start', '--json');
    expect(code).toBe(0);
    const { runs, files, next } = JSON.parse(out);
    expect(runs[0].run).toMatchObject({
      status: 'succeeded',
      rowsRead: 400,
      rowsLoaded: 0,
      rowsUnchanged: 400,
    });
    expect(files).toEqual(['.catchment/estate.duckdb']);
    expect(next).toHaveLength(3);
  });
});

describe('query', () => {
  it('prints a table and says how many rows it leaves out', async () => {
    const { code, out, err } = await project.catchment(
      'query',
      'select id, name from shop.items order by updated_at desc -- newest',
      '--limit',
      '2',
    );
    expect(code).toBe(0);
    expect(out).toBe('id        name\n────────  ────────\nitem-400  Item 400\nitem-399  Item 399\n');
    expect(err).toBe('398 more rows not shown (400 in all): raise --limit\n');
  });

  it('prints JSON and CSV', async () => {
    const sql = 'select id, is_draft, updated_at from shop.items order by updated_at limit 1;';
    const json = await project.catchment('query', sql, '--json');
    expect(JSON.parse(json.out)).toEqual([
      { id: 'item-1', is_draft: false, updated_at: expect.stringMatching(/^2026-01-01 00:00:00/) },
    ]);
    const csv = await project.catchment('query', sql, '--csv');
    expect(csv.out).toMatch(/^id,is_draft,updated_at\nitem-1,false,2026-01-01 00:00:00.*\n$/);
  });

  it('answers statements that are no SELECT', async () => {
    const { code, out } = await project.catchment('query', 'describe shop.items', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)[0]).toMatchObject({ column_name: 'id', column_type: 'VARCHAR' });
  });

  it.each([
    ['selec 1', /^catchment: .*syntax error at or near "selec"/i],
    ['select * from shop.itms', /^catchment: .*itms does not exist/],
  ])('ends with 1 for %s, with the message of the engine', async (sql, message) => {
    const { code, out, err } = await project.catchment('query', sql);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/ {4}at /);
  });

  it('changes nothing', async () => {
    const writes = ['drop table shop.items', 'delete from shop.items', 'create table shop.x as select 1'];
    for (const sql of writes) {
      const { code, err } = await project.catchment('query', sql);
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining('would change the warehouse'),
      });
    }
    const { out } = await project.catchment('query', 'select count(*) n from shop.items', '--json');
    expect(JSON.parse(out)).toEqual([{ n: 400 }]);
  });
});

describe('status', () => {
  it('shows the last run and every table', async () => {
    const { code, out } = await project.catchment('status', '--json');
    expect(code).toBe(0);
    const { stack, groups } = JSON.parse(out);
    expect(stack).toBe('local');
    expect(groups).toMatchObject([
      {
        pipeline: 'shop',
        group: 'demo',
        lastRun: { status: 'succeeded', trigger: 'cli' },
        tables: [{ table: 'shop.items', owed: 0, quarantined: 0 }],
      },
    ]);
  });
});

it('ends with 75 and one message while another process holds the DuckDB file', async () => {
  const holder = await holdOpen(join(project.root, '.catchment/estate.duckdb'));
  try {
    for (const args of [['query', 'select 1'], ['status'], ['run', 'shop'], ['start']]) {
      const { code, out, err } = await project.catchment(...args);
      expect({ code, out }, args.join(' ')).toEqual({ code: 75, out: '' });
      expect(err.match(/^catchment: .*/gm)).toEqual([expect.stringMatching(/estate\.duckdb is in use by /)]);
    }
  } finally {
    holder.kill();
  }
});

describe('a group that has no secret', () => {
  const own = makeProject(`
config:
  catchment:estate:
    warehouses:
      main: { kind: duckdb, path: .catchment/estate.duckdb }
    pipelines:
      shop: { groups: { real: { secret: shop-api }, demo: { sandbox: true } } }
`);
  afterAll(() => own.remove());
  const message =
    'catchment: [shop/real] secret "shop-api" is missing: there is no .catchment/secrets/shop-api.json; write the ' +
    'JSON object of the secret to that file or to the variable CATCHMENT_SECRET_SHOP_API, or set "sandbox: true" on the group\n';

  it('fails alone, and leaves the others in place', async () => {
    const { code, out, err } = await own.catchment('start');
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(out).toMatch(/^shop\/demo: succeeded\n/);
  });

  it('is an error object among the runs with --json', async () => {
    const { code, out, err } = await own.catchment('run', 'shop', '--json');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const { runs } = JSON.parse(out);
    expect(runs).toMatchObject([
      { pipeline: 'shop', group: 'real', error: { code: 'auth', kind: 'fatal' } },
      { pipeline: 'shop', group: 'demo', run: { status: 'succeeded' } },
    ]);
  });
});

/** Another process that has the file open. */
async function holdOpen(path: string) {
  const script = `
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(${JSON.stringify(path)});
    console.log('open');
    setInterval(() => instance, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project.root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}
