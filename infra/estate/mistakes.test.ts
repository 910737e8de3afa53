import { describe, expect, test } from 'vitest';
import { fixtureProject } from '../testing/estate-fixture.ts';
import { good, mistakesOf, stackFile } from '../testing/estate-mistakes.ts';

const project = fixtureProject();

describe('a mistake is named with its line, path, value and what is allowed:', () => {
  const cases: [name: string, pipelines: string, lines: string[]][] = [
    [
      'an unknown source',
      `ads-eu: { source: adds, ${good} }`,
      ['line 8: pipelines.ads-eu.source is unknown: got "adds"; allowed: ads, shelf; did you mean "ads"?'],
    ],
    [
      'a name without a source',
      `tiktok: { ${good} }`,
      [
        'line 8: pipelines.tiktok.source is missing, and no source has the pipeline\'s name: got "tiktok"; allowed: ads, shelf',
      ],
    ],
    [
      'an unknown warehouse',
      `ads: { warehouse: mian, ${good} }`,
      ['line 8: pipelines.ads.warehouse is unknown: got "mian"; allowed: main; did you mean "main"?'],
    ],
    [
      'a wrong cron',
      `ads:\n  schedule: { cron: "61 6 * * *" }\n  ${good}`,
      [
        'line 9: pipelines.ads.schedule.cron is not a cron expression: got "61 6 * * *"; allowed: five fields: minute hour day month weekday, e.g. "0 6 * * *"',
      ],
    ],
    [
      "a cron of another scheduler's kind",
      `ads: { schedule: { cron: "@daily" }, ${good} }`,
      [
        'line 8: pipelines.ads.schedule.cron is not a cron expression: got "@daily"; allowed: five fields: minute hour day month weekday, e.g. "0 6 * * *"',
      ],
    ],
    [
      'a cron that never comes',
      `ads: { schedule: { cron: "0 6 30 2 *" }, ${good} }`,
      ['line 8: pipelines.ads.schedule.cron names a time that never comes: got "0 6 30 2 *"'],
    ],
    [
      'wrong time zones',
      `ads:\n  schedule: { timeZone: Europe/Rom }\n  groups: { a: { secret: s, accountIds: ["1"], timeZone: "+02:00" } }`,
      [
        'line 9: pipelines.ads.schedule.timeZone is not a time zone: got "Europe/Rom"; allowed: IANA names such as Europe/Rome; did you mean "Europe/Rome"?',
        'line 10: pipelines.ads.groups.a.timeZone is not a time zone: got "+02:00"; allowed: IANA names such as Europe/Rome',
      ],
    ],
    [
      'a missing secret',
      'ads: { groups: { a: { accountIds: ["1"] } } }',
      [
        'line 8: pipelines.ads.groups.a.secret is missing; allowed: the name of a secret; its value is a JSON object with token',
      ],
    ],
    [
      'a secret that nobody reads',
      'shelf: { groups: { a: { secret: s } }, tables: { books: { path: x } } }',
      ['line 8: pipelines.shelf.groups.a.secret is not needed: Shelf has no secret: got "s"; leave it out'],
    ],
    [
      'a wrong name of a secret',
      'ads: { groups: { a: { secret: "a/b", accountIds: ["1"] } } }',
      [
        'line 8: pipelines.ads.groups.a.secret is wrong: got "a/b"; allowed: letters, digits, dashes and underscores, at most 255',
      ],
    ],
    [
      'a pipeline that is written twice',
      `ads:\n  ${good}\nads:\n  ${good}`,
      ['line 10: pipelines.ads is written twice, on lines 8 and 10; keep one, or rename one'],
    ],
    [
      'two pipelines that replace one table',
      `ads: { ${good} }\nads-eu: { source: ads, dataset: ads, tables: { report: report_eu }, groups: { b: { secret: s, accountIds: ["2"] } } }`,
      [
        'line 9: pipelines.ads-eu.tables.ads is written by the pipeline "ads" too, and a table that is replaced has one writer: got "ads.ads"; give it another name or dataset',
      ],
    ],
    [
      'two pipelines that load one account into one table',
      `ads: { ${good} }\nads-eu: { source: ads, dataset: ads, tables: { ads: false }, groups: { b: { secret: s, accountIds: ["1"] } } }`,
      [
        'line 9: pipelines.ads-eu.tables.report is written by the pipeline "ads" too, for the same account: got "1"; leave the account to one pipeline, or give the table another name or dataset',
      ],
    ],
    [
      'two pipelines that disagree about one table',
      `ads: { ${good} }\nshelf: { dataset: ADS, groups: { a: }, tables: { report: { path: x, schema: shelf/books } } }`,
      [
        'line 9: pipelines.shelf.tables.report is written by the pipeline "ads" too, with another spelling, schema, key, partition or clustering: got "ADS.report"; give it another name or dataset',
      ],
    ],
    [
      'an account in two groups, or twice in one',
      'ads:\n  groups:\n    a: { secret: s, accountIds: ["1", "1"] }\n    b: { secret: s, accountIds: ["2", "1"] }',
      [
        'line 10: pipelines.ads.groups.a.accountIds[1] is named twice: got "1"',
        'line 11: pipelines.ads.groups.b.accountIds[1] is already in the group "a": got "1"',
      ],
    ],
    [
      'two groups that load the same',
      'shelf: { groups: { a: , b: }, tables: { books: { path: x } } }',
      ['line 8: pipelines.shelf.groups.b has the same settings as the group "a"'],
    ],
    [
      'ids that are not digits, and ids that YAML has rounded',
      'ads: { groups: { a: { secret: s, accountIds: ["12a", 7000000000000000001] } } }',
      [
        'line 8: pipelines.ads.groups.a.accountIds[0] is wrong: got "12a"; allowed: digits only',
        'line 8: pipelines.ads.groups.a.accountIds[1] is not a string: got 7000000000000000001; write it in quotes',
      ],
    ],
    [
      'settings that are missing, empty or not among the words',
      'ads: { groups: { a: { secret: s, level: add }, b: { secret: s, accountIds: [] } } }',
      [
        'line 8: pipelines.ads.groups.a.accountIds is missing; allowed: a list',
        'line 8: pipelines.ads.groups.a.level is unknown: got "add"; allowed: ad, campaign; did you mean "ad"?',
        'line 8: pipelines.ads.groups.b.accountIds is wrong: got []; allowed: at least one account id',
      ],
    ],
    [
      'keys that nobody knows',
      `ads:\n  shedule: {}\n  schedule: { pause: true }\n  groups: { a: { secret: s, accountIds: ["1"], levl: ad } }`,
      [
        'line 9: pipelines.ads.shedule is not a known key; allowed: source, warehouse, dataset, schedule, groups, tables, transforms, runsOn, network, tasks, parallelism, engine, since; did you mean "schedule"?',
        'line 10: pipelines.ads.schedule.pause is not a known key; allowed: cron, timeZone, paused; did you mean "paused"?',
        'line 11: pipelines.ads.groups.a.levl is not a known key; allowed: secret, timeZone, sandbox, accountIds, level; did you mean "level"?',
      ],
    ],
    [
      'a table that the declaration does not have',
      `ads: { tables: { reports: RAW }, ${good} }`,
      [
        'line 8: pipelines.ads.tables.reports is not a table of Ads; allowed: report, ads; did you mean "report"?',
      ],
    ],
    [
      'tables of one name, of a wrong name, and none at all',
      `ads: { tables: { report: ads }, ${good} }
ads-b: { source: ads, tables: { report: "a-b", ads: 3 }, ${good} }
ads-c: { source: ads, tables: { report: false, ads: false }, ${good} }
shelf: { groups: { a: } }`,
      [
        'line 8: pipelines.ads.tables.ads has the same name as the table "report": got "ads"',
        'line 9: pipelines.ads-b.tables.report is wrong: got "a-b"; allowed: letters, digits and underscores, not starting with a digit',
        'line 9: pipelines.ads-b.tables.ads is wrong: got 3; allowed: a new name for the table, or false to leave it out',
        'line 10: pipelines.ads-c.tables leaves no table; allowed: at least one',
        'line 11: pipelines.shelf.tables leaves no table; allowed: at least one',
      ],
    ],
    [
      'columns that the schema file lacks or that have the wrong type',
      'shelf: { groups: { a: }, tables: { books: { path: x, key: [isbnn], partitionBy: price, clusterBy: [price] } } }',
      [
        'line 8: pipelines.shelf.tables.books has the key column "isbnn", which schemas/shelf/books.json lacks; allowed: isbn, sold_at, price; did you mean "isbn"?',
        'line 8: pipelines.shelf.tables.books has the partitionBy column "price", which is FLOAT in schemas/shelf/books.json; allowed: DATE, DATETIME, TIMESTAMP',
        'line 8: pipelines.shelf.tables.books has the clusterBy column "price", which is FLOAT in schemas/shelf/books.json; allowed: BIGNUMERIC, BOOLEAN, DATE, DATETIME, INTEGER, NUMERIC, STRING, TIMESTAMP',
      ],
    ],
    [
      'a schema file that is not there',
      'shelf: { groups: { a: }, tables: { book: { path: x }, papers: { path: y } } }',
      [
        'line 8: pipelines.shelf.tables.book has no schema file schemas/shelf/book.json; did you mean "shelf/books"?',
        'line 8: pipelines.shelf.tables.papers has no schema file schemas/shelf/papers.json; write it in the JSON format of `bq show --schema`',
      ],
    ],
    [
      'a write mode that cannot be carried out',
      'shelf: { groups: { a: }, tables: { books: { path: x, writeMode: merge } } }',
      [
        'line 8: pipelines.shelf.tables.books.writeMode cannot be carried out: got "merge"; allowed: append, replace, replaceWindow; name its key columns in `key`',
      ],
    ],
    [
      'options of a table',
      'shelf: { groups: { a: }, tables: { books: { format: xml, sheet: 1 } } }',
      [
        'line 8: pipelines.shelf.tables.books.sheet is not a known key; allowed: schema, key, writeMode, partitionBy, clusterBy, path, format',
        'line 8: pipelines.shelf.tables.books.path is missing; allowed: a string',
        'line 8: pipelines.shelf.tables.books.format is unknown: got "xml"; allowed: csv, parquet',
      ],
    ],
    [
      'days that do not exist or have not come',
      `ads: { since: 2026-02-30, ${good} }\nads-b: { source: ads, since: 2026-11-21, ${good} }`,
      [
        'line 8: pipelines.ads.since is not a day: got "2026-02-30"; allowed: a day such as 2026-01-31',
        'line 9: pipelines.ads-b.since lies in the future: got "2026-11-21"; allowed: up to 2026-11-20',
      ],
    ],
    [
      'a dataset that no warehouse takes',
      `ads: { dataset: my-data, ${good} }`,
      [
        'line 8: pipelines.ads.dataset is wrong: got "my-data"; allowed: letters, digits and underscores, not starting with a digit',
      ],
    ],
    [
      'names that are wrong',
      `Ads: { source: ads, groups: { a--b: { secret: s, accountIds: ["1"] } } }`,
      [
        'line 8: pipelines.Ads is wrong: got "Ads"; allowed: lower-case letters, digits and single dashes, starting with a letter',
        'line 8: pipelines.Ads.groups.a--b is wrong: got "a--b"; allowed: lower-case letters, digits and single dashes, starting with a letter',
      ],
    ],
    [
      'names that become too long for the cloud, which are never cut',
      `tiktok-marketing-for-europe: { source: ads, ${good} }`,
      [
        'line 8: pipelines.tiktok-marketing-for-europe gives a service account id of 32 characters: got "cron-tiktok-marketing-for-europe"; allowed: 6 to 30 characters; make "tiktok-marketing-for-europe" 2 shorter; names are never cut',
      ],
    ],
    [
      'a sandbox in the cloud',
      'ads: { groups: { a: { sandbox: true } } }',
      ['line 8: pipelines.ads.groups.a.sandbox is for stacks of one machine only: got true'],
    ],
    [
      'pipelines and groups that are empty',
      'ads: \nshelf: nothing',
      [
        'line 8: pipelines.ads.groups names no group; allowed: at least one',
        'line 9: pipelines.shelf is not a mapping: got "nothing"',
      ],
    ],
  ];
  test.each(cases)('%s', async (_, pipelines, lines) => {
    expect(await mistakesOf(stackFile(pipelines), project)).toEqual(lines);
  });
});
