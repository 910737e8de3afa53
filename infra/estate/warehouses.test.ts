import { describe, expect, test } from 'vitest';
import { parseStackFile } from '../estate.ts';
import { fixtureProject } from '../testing/estate-fixture.ts';
import { good, mistakesOf, stackFile } from '../testing/estate-mistakes.ts';

const project = fixtureProject();
const on = (warehouse: string) => stackFile(`ads: { ${good} }`, warehouse);

/** A stack file with these warehouses from line 6 on, and one pipeline for each. */
function withWarehouses(warehouses: Readonly<Record<string, string>>, gcp = true): string {
  const entries = Object.entries(warehouses);
  return [
    'config:',
    ...(gcp ? ['  gcp:project: acme-test', '  gcp:region: europe-west1'] : []),
    '  catchment:estate:',
    '    warehouses:',
    ...entries.map(([name, entry]) => `      ${name}: ${entry}`),
    '    pipelines:',
    ...entries.map(
      ([name]) =>
        `      on-${name}: { source: ads, warehouse: ${name}, dataset: ads, groups: { a: { secret: s, accountIds: ["1"] } } }`,
    ),
  ].join('\n');
}

const cloud = {
  main: '{ kind: bigquery, location: EU }',
  esim: '{ kind: clickhouse, url: "https://ch.internal:8443", database: esim_db, secret: ch-esim }',
  dating: '{ kind: clickhouse, url: "https://ch.internal:9443", secret: ch-dating }',
  backend: '{ kind: postgres, host: 10.0.0.5, database: marts, sslMode: require, secret: pg-backend }',
};

test('a cloud stack names several warehouses of several kinds', async () => {
  const estate = await parseStackFile(withWarehouses(cloud), project);
  expect([estate.isTwin, estate.gcp?.project]).toEqual([false, 'acme-test']);
  expect(estate.pipelines.map(({ warehouse }) => warehouse)).toEqual([
    { name: 'main', kind: 'bigquery', location: 'EU', project: 'acme-test' },
    {
      name: 'esim',
      kind: 'clickhouse',
      url: 'https://ch.internal:8443',
      database: 'esim_db',
      secret: 'ch-esim',
    },
    { name: 'dating', kind: 'clickhouse', url: 'https://ch.internal:9443', secret: 'ch-dating' },
    {
      name: 'backend',
      kind: 'postgres',
      host: '10.0.0.5',
      database: 'marts',
      sslMode: 'require',
      secret: 'pg-backend',
    },
  ]);
});

test('files and servers on loopback make a twin, which needs no cloud and no secrets', async () => {
  const text = withWarehouses(
    {
      main: '{ kind: duckdb, path: .catchment/a.duckdb, memoryLimit: 1GB }',
      lite: '{ kind: sqlite, path: .catchment/a.sqlite }',
      pg: '{ kind: postgres, host: localhost, port: 5433, database: twin }',
      ch: '{ kind: clickhouse, url: "http://127.0.0.1:8123" }',
    },
    false,
  );
  const estate = await parseStackFile(text, project);
  expect([estate.isTwin, estate.gcp]).toEqual([true, undefined]);
  expect(Object.values(estate.warehouses).map(({ kind }) => kind)).toEqual([
    'duckdb',
    'sqlite',
    'postgres',
    'clickhouse',
  ]);
});

test('a stack on servers alone is in the cloud, and needs a project and a region for its functions', async () => {
  const text = withWarehouses({ backend: cloud.backend }, false);
  expect(await mistakesOf(text, project)).toEqual([
    'line 1: gcp:project is missing; allowed: a project id: 6 to 30 lower-case letters, digits and dashes',
    'line 1: gcp:region is missing; allowed: a region such as europe-west1',
  ]);
});

describe('a mistake in a warehouse is named:', () => {
  const cases: [what: string, warehouse: string, lines: string[]][] = [
    [
      'an embedded warehouse beside a cloud one',
      '{ kind: duckdb, path: x }\n      b: { kind: bigquery, location: EU }',
      [
        'line 5: warehouses mixes warehouses on this machine (main) with warehouses elsewhere (b); keep duckdb, sqlite and servers on loopback in a stack of their own',
      ],
    ],
    [
      'a server on loopback, which the cloud cannot reach',
      '{ kind: bigquery, location: EU }\n      b: { kind: postgres, host: "127.0.0.1", database: d }',
      [
        'line 5: warehouses mixes warehouses on this machine (b) with warehouses elsewhere (main); keep duckdb, sqlite and servers on loopback in a stack of their own',
      ],
    ],
    [
      'a server without a secret',
      '{ kind: postgres, host: db.internal, database: d }',
      [
        'line 6: warehouses.main.secret is missing; allowed: the name of a secret; its value is a JSON object with user, password',
      ],
    ],
    [
      'fields of the wrong shape',
      '{ kind: postgres, host: "db:5432/x", port: 99999, database: "", sslMode: prefer, secret: s }',
      [
        'line 6: warehouses.main.host is wrong: got "db:5432/x"; allowed: a host name or an address, without a port',
        'line 6: warehouses.main.port is wrong: got 99999; allowed: a port from 1 to 65535',
        'line 6: warehouses.main.database is wrong: got ""; allowed: the name of a database',
        'line 6: warehouses.main.sslMode is unknown: got "prefer"; allowed: disable, require, verify-full',
      ],
    ],
    [
      'rows and passwords that travel unencrypted',
      '{ kind: postgres, host: db.internal, database: d, secret: s, sslMode: disable }\n      b: { kind: clickhouse, url: "http://ch.internal:8123", secret: s }',
      [
        'line 6: warehouses.main.sslMode sends rows and password unencrypted: got "disable"; allowed: require, verify-full',
        'line 7: warehouses.b.url sends rows and password unencrypted: got "http://ch.internal:8123"; allowed: https',
      ],
    ],
    [
      'a password in a URL, which is not quoted',
      '{ kind: clickhouse, url: "https://me:hush-hush@ch.internal:8443", secret: s }',
      [
        'line 6: warehouses.main.url holds a user or a password; allowed: an address such as https://ch.internal:8443; name a secret instead',
      ],
    ],
    [
      'an address that is none',
      '{ kind: clickhouse, url: ch.internal, secret: s }\n      b: { kind: clickhouse, url: "https://ch.internal/?database=x", secret: s }',
      [
        'line 6: warehouses.main.url is not a URL: got "ch.internal"; allowed: an address such as https://ch.internal:8443',
        'line 7: warehouses.b.url is not the address of an HTTP interface: got "https://ch.internal/?database=x"; allowed: an address such as https://ch.internal:8443',
      ],
    ],
    [
      'keys of another kind',
      '{ kind: clickhouse, url: "https://ch.internal", secret: s, location: EU }',
      ['line 6: warehouses.main.location is not a known key; allowed: kind, url, database, secret'],
    ],
  ];
  test.each(cases)('%s', async (_, warehouse, lines) => {
    const text = warehouse.includes('\n')
      ? stackFile(`ads: { warehouse: main, ${good} }`, warehouse)
      : on(warehouse);
    expect(await mistakesOf(text, project)).toEqual(lines);
  });
});

describe('two names of one place do not hide that two pipelines write one table:', () => {
  const twice = (first: string, second: string, gcp = true) =>
    mistakesOf(withWarehouses({ a: first, b: second }, gcp), project);
  const shared = (line: number, gcp = 0) => [
    `line ${line - gcp}: pipelines.on-b.tables.report is written by the pipeline "on-a" too, for the same account: got "1"; leave the account to one pipeline, or give the table another name or dataset`,
    `line ${line - gcp}: pipelines.on-b.tables.ads is written by the pipeline "on-a" too, and a table that is replaced has one writer: got "ads.ads"; give it another name or dataset`,
  ];

  test('a ClickHouse server', async () => {
    const url = (text: string) => `{ kind: clickhouse, url: "${text}", secret: s }`;
    expect(await twice(url('https://CH.internal'), url('https://ch.internal:443/'))).toEqual(shared(10));
  });

  test('a PostgreSQL database', async () => {
    const at = (rest: string) => `{ kind: postgres, host: DB.internal, database: d, secret: s${rest} }`;
    expect(await twice(at(''), at(', port: 5432'))).toEqual(shared(10));
    await expect(
      parseStackFile(withWarehouses({ a: at(''), b: at(', port: 5433') }), project),
    ).resolves.toBeDefined();
  });

  test('an embedded file', async () => {
    const at = (path: string) => `{ kind: sqlite, path: ${path} }`;
    expect(await twice(at('x/../a.sqlite'), at('./a.sqlite'), false)).toEqual(shared(10, 2));
  });
});

test('SQLite has no datasets, so names that meet there are one table', async () => {
  const text = `config:
  catchment:estate:
    warehouses: { main: { kind: sqlite, path: a.sqlite } }
    pipelines:
      one: { source: ads, dataset: a, tables: { report: b_c, ads: false }, ${good} }
      two: { source: ads, dataset: a_b, tables: { report: c, ads: false }, ${good} }`;
  expect(await mistakesOf(text, project)).toEqual([
    'line 6: pipelines.two.tables.report is written by the pipeline "one" too, with another spelling, schema, key, partition or clustering: got "a_b.c"; give it another name or dataset',
  ]);
});

test('the network of the estate holds for every pipeline that names none', async () => {
  const text = stackFile(`ads: { ${good} }
ads-b: { source: ads, dataset: b, network: { network: other, subnetwork: other-eu }, ${good} }`).replace(
    '    warehouses:',
    '    network: { network: shared, subnetwork: projects/acme-host/regions/europe-west1/subnetworks/eu }\n    warehouses:',
  );
  const { pipelines } = await parseStackFile(text, project);
  expect(pipelines.map(({ network }) => network)).toEqual([
    { network: 'shared', subnetwork: 'projects/acme-host/regions/europe-west1/subnetworks/eu' },
    { network: 'other', subnetwork: 'other-eu' },
  ]);
  expect(await mistakesOf(stackFile(`ads: { network: { network: My_Net }, ${good} }`), project)).toEqual([
    'line 8: pipelines.ads.network.network is wrong: got "My_Net"; allowed: the name of a network or subnetwork, or its path from projects/ on',
    'line 8: pipelines.ads.network.subnetwork is missing; allowed: a string',
  ]);
});
