import { describe, expect, test } from 'vitest';
import { parseEstate, parseStackFile, stackOf } from './estate.ts';
import { fixtureProject } from './testing/estate-fixture.ts';
import { good, mistakesOf, stackFile } from './testing/estate-mistakes.ts';

const project = fixtureProject();

describe('an estate', () => {
  test('becomes one value with every default filled in', async () => {
    const estate = await parseStackFile(
      stackFile(`ads:
  dataset: EMPOWER
  since: 2026-01-31
  tables: { report: ADS_RAW }
  groups:
    a: { secret: ads-a, accountIds: ["1", "9007199254740993"] }`),
      project,
    );
    expect(Object.keys(estate.sources)).toEqual(['ads']);
    expect({ ...estate, sources: {} }).toEqual({
      stack: 'test',
      warehouses: { main: { name: 'main', kind: 'bigquery', project: 'acme-test', location: 'EU' } },
      pipelines: [
        {
          name: 'ads',
          source: 'ads',
          warehouse: { name: 'main', kind: 'bigquery', project: 'acme-test', location: 'EU' },
          dataset: 'EMPOWER',
          tables: [
            {
              declared: 'report',
              name: 'ADS_RAW',
              schema: 'ads/report',
              key: ['day', 'ad_id'],
              writeMode: 'replaceWindow',
              windowField: 'day',
              clusterBy: ['ad_id'],
              cursor: { kind: 'window', lag: 1, lookback: 3, maxSpan: 30 },
            },
            {
              declared: 'ads',
              name: 'ads',
              schema: 'ads/ads',
              key: ['ad_id'],
              writeMode: 'replace',
              cursor: { kind: 'snapshot' },
            },
          ],
          groups: [
            {
              name: 'a',
              secret: 'ads-a',
              timeZone: 'UTC',
              sandbox: false,
              settings: { accountIds: ['1', '9007199254740993'], level: 'ad' },
            },
          ],
          schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
          runsOn: 'function',
          since: '2026-01-31',
        },
      ],
      sources: {},
      isTwin: false,
      gcp: { project: 'acme-test', region: 'europe-west1' },
      labels: {},
      alertEmails: [],
      protect: true,
    });
  });

  test('takes the tables that the stack file adds, with their options', async () => {
    const text = `shelf:
  runsOn: function
  groups: { main: }
  tables:
    books: { path: books.csv, format: csv, key: [isbn], writeMode: merge, partitionBy: sold_at }
    old: { path: old.csv, schema: shelf/books }`;
    const [pipeline] = (await parseStackFile(stackFile(text), project)).pipelines;
    expect(pipeline?.runsOn).toBe('function');
    expect(pipeline?.dataset).toBe('shelf');
    expect(pipeline?.tables).toEqual([
      {
        declared: 'books',
        name: 'books',
        schema: 'shelf/books',
        key: ['isbn'],
        writeMode: 'merge',
        cursor: { kind: 'objects' },
        partitionBy: 'sold_at',
        options: { path: 'books.csv', format: 'csv' },
      },
      {
        declared: 'old',
        name: 'old',
        schema: 'shelf/books',
        key: [],
        writeMode: 'append',
        cursor: { kind: 'objects' },
        options: { path: 'old.csv' },
      },
    ]);
  });

  test('on the embedded warehouse needs no cloud, and its sandboxes no secrets or settings', async () => {
    const text = `config:
  catchment:estate:
    warehouses: { local: { kind: duckdb, path: .catchment/local.duckdb } }
    pipelines:
      ads: { groups: { demo: { sandbox: true } } }`;
    const estate = await parseStackFile(text, project);
    expect(estate.gcp).toBeUndefined();
    expect(estate.pipelines[0]?.warehouse).toEqual({
      name: 'local',
      kind: 'duckdb',
      path: '.catchment/local.duckdb',
    });
    expect(estate.pipelines[0]?.groups[0]).toEqual({
      name: 'demo',
      timeZone: 'UTC',
      sandbox: true,
      // Not even the default of `level`: the sandbox has the say.
      settings: {},
    });
  });

  test("is the same from Pulumi's value as from the file, and its mistakes have no lines", async () => {
    const gcp = { project: 'acme-test', region: 'europe-west1' };
    const value = {
      warehouses: { main: { kind: 'bigquery', location: 'EU' } },
      // Pulumi reads an unquoted day as a time.
      pipelines: {
        ads: { since: '2026-01-31T00:00:00Z', groups: { a: { secret: 's', accountIds: ['1'] } } },
      },
    };
    const estate = await parseEstate(value, { ...project, gcp });
    expect(estate.pipelines[0]?.since).toBe('2026-01-31');
    await expect(parseEstate(undefined, { ...project, gcp })).rejects.toThrow(
      '[stacks/Pulumi.test.yaml] has 1 mistake\n  catchment:estate is missing; allowed: a mapping with warehouses and pipelines',
    );
  });

  test('knows its stack by the name of its file', () => {
    expect(stackOf('stacks/Pulumi.dev-eu.yaml')).toBe('dev-eu');
  });
});

describe('the mistakes of a stack file', () => {
  test('all mistakes of a file come at once, in the order of the file', async () => {
    const text = `config:
  gcp:project: Acme
  catchment:estat: {}
  catchment:estate:
    colour: blue
    labels: { Owner: me }
    alerts: { emails: [nobody] }
    protect: yes please
    warehouses:
      main: { kind: bigquery }
      other: { kind: bigquerry }
    pipelines:
      ads: { source: adds, schedule: { cron: often }, groups: { a: { accountIds: [x] } } }`;
    expect(await mistakesOf(text, project)).toEqual([
      'line 1: gcp:region is missing; allowed: a region such as europe-west1',
      'line 2: gcp:project is wrong: got "Acme"; allowed: a project id: 6 to 30 lower-case letters, digits and dashes',
      'line 3: catchment:estat is not a known key; allowed: catchment:estate',
      'line 5: colour is not a known key; allowed: warehouses, pipelines, labels, alerts, network, protect',
      'line 6: labels.Owner is a wrong name: got "Owner"; allowed: lower-case letters, digits, _ and -',
      'line 7: alerts.emails[0] is wrong: got "nobody"; allowed: an e-mail address',
      'line 8: protect is not true or false: got "yes please"',
      'line 10: warehouses.main.location is missing; allowed: a string',
      'line 11: warehouses.other.kind is unknown: got "bigquerry"; allowed: duckdb, sqlite, postgres, clickhouse, bigquery; did you mean "bigquery"?',
      'line 13: pipelines.ads.source is unknown: got "adds"; allowed: ads, shelf; did you mean "ads"?',
      'line 13: pipelines.ads.schedule.cron is not a cron expression: got "often"; allowed: five fields: minute hour day month weekday, e.g. "0 6 * * *"',
    ]);
  });

  test('name schema files that are not valid', async () => {
    const broken = fixtureProject({
      'ads/report': 'nonsense',
      'ads/ads': [{ name: 'ad id', type: 'STRING' }],
    });
    expect(await mistakesOf(stackFile(`ads: { ${good} }`), broken)).toEqual([
      'line 8: pipelines.ads.tables.report has a wrong schema file schemas/ads/report.json, which is not JSON (Unexpected token \'o\', "nonsense" is not valid JSON)',
      'line 8: pipelines.ads.tables.ads has a wrong schema file schemas/ads/ads.json, which is not a BigQuery schema: [0].name letters, digits and underscore, not starting with a digit, at most 300',
    ]);
  });

  test('name schema files that lack a key, window or cluster column, or have one of no use', async () => {
    const broken = fixtureProject({
      'ads/report': [{ name: 'date', type: 'DATE' }],
      'ads/ads': [{ name: 'ad_id', type: 'STRING', mode: 'REPEATED' }],
    });
    expect(await mistakesOf(stackFile(`ads: { ${good} }`), broken)).toEqual([
      'line 8: pipelines.ads.tables.report has the key column "day", which schemas/ads/report.json lacks; allowed: date',
      'line 8: pipelines.ads.tables.report has the key column "ad_id", which schemas/ads/report.json lacks; allowed: date',
      'line 8: pipelines.ads.tables.report has the windowField "day", which schemas/ads/report.json lacks; allowed: date',
      'line 8: pipelines.ads.tables.report has the clusterBy column "ad_id", which schemas/ads/report.json lacks; allowed: date',
      'line 8: pipelines.ads.tables.ads has the key column "ad_id", which is REPEATED STRING in schemas/ads/ads.json; allowed: DATE, DATETIME, TIMESTAMP, BIGNUMERIC, BOOLEAN, INTEGER, NUMERIC, STRING, BYTES, TIME',
    ]);
  });

  const warehouses: [what: string, warehouse: string, lines: string[]][] = [
    [
      'fields of the wrong kind of warehouse',
      '{ kind: duckdb, path: "", location: EU }',
      [
        'line 6: warehouses.main.path is wrong: got ""; allowed: a file path',
        'line 6: warehouses.main.location is not a known key; allowed: kind, path, memoryLimit',
      ],
    ],
    [
      'a warehouse without a kind',
      '{}',
      ['line 6: warehouses.main.kind is missing; allowed: duckdb, sqlite, postgres, clickhouse, bigquery'],
    ],
  ];
  test.each(warehouses)('name %s', async (_, warehouse, lines) => {
    expect(await mistakesOf(stackFile(`ads: { ${good} }`, warehouse), project)).toEqual(lines);
  });

  test('name a pipeline that has to choose among warehouses and does not', async () => {
    const text = stackFile(`ads: { ${good} }`).replace(
      'main:',
      'a: { kind: bigquery, location: EU }\n      b:',
    );
    expect(await mistakesOf(text, project)).toEqual([
      'line 9: pipelines.ads.warehouse is missing; allowed: a, b',
    ]);
  });

  test('name a dataset that would be in two locations', async () => {
    const shared = 'shelf: { dataset: ads, warehouse: us, groups: { a: }, tables: { books: { path: x } } }';
    const text = stackFile(
      `ads: { warehouse: main, ${good} }\n${shared}`,
      '{ kind: bigquery, location: EU }\n      us: { kind: bigquery, location: US }',
    );
    expect(await mistakesOf(text, project)).toEqual([
      'line 10: pipelines.shelf.warehouse puts ads in another location than the pipeline "ads": got "US"; allowed: EU; give it another dataset',
    ]);
  });

  test('name files that hold nothing, or no YAML', async () => {
    expect(await mistakesOf('', project)).toEqual([
      'catchment:estate is missing; allowed: a mapping with warehouses and pipelines',
    ]);
    expect(await mistakesOf('config: [', project)).toEqual([
      'line 1: is not YAML (Flow sequence in block collection must be sufficiently indented and end with a ])',
    ]);
    expect(await mistakesOf('just words', project)).toEqual([
      'line 1: is not a mapping: got "just words"',
      'line 1: catchment:estate is missing; allowed: a mapping with warehouses and pipelines',
    ]);
  });

  test('name a source that cannot be loaded', async () => {
    const options = { ...project, loadSource: () => Promise.reject(new Error('no such module')) };
    expect(await mistakesOf(stackFile(`ads: { ${good} }`), options)).toEqual([
      'line 8: pipelines.ads.source cannot be loaded (no such module): got "ads"',
    ]);
  });
});
