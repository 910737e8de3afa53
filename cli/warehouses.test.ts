import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClickhouseServer, startClickhouse } from '../tests/setup/clickhouse.ts';
import { type PostgresServer, startPostgres } from '../tests/setup/postgres.ts';
import { unavailable } from '../tests/setup/unavailable.ts';
import { makeProject, type Project } from './testing/project.ts';

interface Kind {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined;
  /** Starts the server, if there is one: the entry in `warehouses`, and the secret that it names. */
  start(): Promise<{
    readonly entry: string;
    readonly secret?: unknown;
    readonly stop?: () => Promise<void>;
  }>;
  /** How a person writes the table. */
  readonly table: string;
}

const kinds: readonly Kind[] = [
  {
    name: 'sqlite',
    start: async () => ({ entry: '{ kind: sqlite, path: .catchment/estate.sqlite }' }),
    table: 'shop_items',
  },
  {
    name: 'postgres',
    missing: unavailable('postgres'),
    start: async () => {
      const server: PostgresServer = await startPostgres();
      const { host, port, user, password, database } = server;
      return {
        entry: `{ kind: postgres, host: ${host}, port: ${port}, database: ${database}, secret: own-server }`,
        secret: { user, password },
        stop: server.stop,
      };
    },
    table: 'shop.items',
  },
  {
    name: 'clickhouse',
    missing: unavailable('clickhouse'),
    start: async () => {
      const server: ClickhouseServer = await startClickhouse();
      const { url, user, password } = server;
      return {
        entry: `{ kind: clickhouse, url: "${url}", secret: own-server }`,
        secret: { user, password },
        stop: server.stop,
      };
    },
    table: 'shop.items',
  },
];

describe.each(kinds.filter(({ missing }) => missing === undefined))('a local stack on $name', (kind) => {
  let project: Project;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const { entry, secret, ...started } = await kind.start();
    stop = started.stop;
    project = makeProject(`
config:
  catchment:estate:
    warehouses:
      main: ${entry}
    pipelines:
      shop: { groups: { demo: { sandbox: true } } }
`);
    if (secret !== undefined) project.write('.catchment/secrets/own-server.json', JSON.stringify(secret));
  }, 60_000);

  afterAll(async () => {
    project.remove();
    await stop?.();
  });

  it('has a status before anything is loaded', async () => {
    const { code, out } = await project.catchment('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^shop\/demo: never ran\n/);
  });

  it('starts, and says where to look', async () => {
    const { code, out, err } = await project.catchment('start');
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(/\ntotal +1 +400 +400 +0 /);
    expect(out).toContain(`  npx catchment query "select * from ${kind.table} limit 10"\n`);
    expect(out.includes('SQLite file: .catchment/estate.sqlite (')).toBe(kind.name === 'sqlite');
  });

  it('runs again and loads nothing twice', async () => {
    const { code, out } = await project.catchment('run', 'shop', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).runs[0].run).toMatchObject({ rowsRead: 400, rowsLoaded: 0, rowsUnchanged: 400 });
  });

  it('answers questions in its own SQL, within a limit', async () => {
    const sql = `select id, name from ${kind.table} order by updated_at desc`;
    const { code, out, err } = await project.catchment('query', sql, '--limit', '2');
    expect({ code, err }).toEqual({
      code: 0,
      err: '398 more rows not shown (400 in all): raise --limit\n',
    });
    expect(out).toBe('id        name\n────────  ────────\nitem-400  Item 400\nitem-399  Item 399\n');
  });

  it('shows the last run and the tables', async () => {
    const { code, out } = await project.catchment('status', '--json');
    expect(code).toBe(0);
    const [group] = JSON.parse(out).groups;
    expect(group.lastRun).toMatchObject({ status: 'succeeded', rowsUnchanged: 400 });
    expect(group.tables).toMatchObject([{ table: 'shop.items', owed: 0, quarantined: 0 }]);
  });
});

describe('a server with a password', () => {
  const stack = (secret: string) => `
config:
  catchment:estate:
    warehouses:
      main: { kind: postgres, host: 127.0.0.1, port: 1, database: d${secret} }
    pipelines:
      shop: { groups: { demo: { sandbox: true } } }
`;

  it('is not asked while its secret is missing, and the message says where it belongs', async () => {
    const project = makeProject(stack(', secret: pg-main'));
    const { code, err } = await project.catchment('query', 'select 1');
    expect({ code, err }).toEqual({
      code: 1,
      err:
        'catchment: [warehouse main] secret "pg-main" is missing: there is no .catchment/secrets/pg-main.json; write ' +
        'the JSON object of the secret to that file or to the variable CATCHMENT_SECRET_PG_MAIN\n',
    });
    project.remove();
  });

  it('is named in an error, and its password is not', async () => {
    const project = makeProject(stack(', secret: pg-main'));
    project.write('.catchment/secrets/pg-main.json', '{"user":"me","password":"hush-hush-hush"}');
    const { code, out, err } = await project.catchment('query', 'select 1');
    expect([code, out]).toEqual([75, '']);
    expect(err).toContain('127.0.0.1');
    expect(err).not.toContain('hush');
    project.remove();
  });
});
