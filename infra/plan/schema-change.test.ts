import { describe, expect, test } from 'vitest';
import { type Column, systemColumns } from '../../functions/core/schema.ts';
import { migrationSql } from './migration-sql.ts';
import { type SchemaChange, schemaChanges, type TableShape } from './schema-change.ts';

const text = (name: string): Column => ({ name, type: 'STRING', mode: 'NULLABLE' });
const count = (name: string): Column => ({ name, type: 'INTEGER', mode: 'NULLABLE' });
const day: Column = { name: 'day', type: 'DATE', mode: 'REQUIRED' };
const record = (name: string, fields: readonly Column[]): Column => ({
  name,
  type: 'RECORD',
  mode: 'NULLABLE',
  fields,
});

const before: TableShape = {
  columns: [day, text('ad_id'), count('clicks'), text('note')],
  partitionBy: 'day',
  clusterBy: ['ad_id'],
  key: ['day', 'ad_id'],
};
const with_ = (columns: readonly Column[], more: Partial<TableShape> = {}): TableShape => ({
  ...before,
  columns,
  ...more,
});

/** `class column: from -> to (by)`, then the meaning, then the SQL. */
function shown(from: TableShape, to: TableShape): string[] {
  const changes = schemaChanges(from, to);
  const line = (change: SchemaChange) =>
    `${change.class} ${change.column ?? 'table'}: ${change.from ?? ''} -> ${change.to ?? ''} (${change.by})`;
  const sql = migrationSql({ table: 'acme.ads.report', before: from, after: to, changes });
  return [...changes.flatMap((change) => [line(change), change.meaning]), ...sql];
}

describe('schemaChanges', () => {
  test('is empty for equal shapes', () => {
    expect(shown(before, { ...before, columns: [...before.columns] })).toEqual([]);
  });

  test('lets the deployment add a column at the end', () => {
    expect(shown(before, with_([...before.columns, text('country')]))).toEqual([
      'add country:  -> STRING (deploy)',
      'rows that exist get NULL',
    ]);
  });

  test('says that a column added in the middle lands at the end', () => {
    expect(
      shown(before, with_([day, { ...count('ids'), mode: 'REPEATED' }, ...before.columns.slice(1)])),
    ).toEqual([
      'add ids:  -> INTEGER REPEATED (deploy)',
      'rows that exist get an empty list; BigQuery appends it at the end, whatever its place in the file',
    ]);
  });

  test("does not count the kit's own columns as the file's", () => {
    const own = with_([...before.columns, ...systemColumns]);
    expect(shown(own, with_([...before.columns, text('country'), ...systemColumns]))).toEqual([
      'add country:  -> STRING (deploy)',
      'rows that exist get NULL',
    ]);
  });

  test('needs a copy with a value for a REQUIRED column', () => {
    const after = with_([day, text('ad_id'), { ...text('country'), mode: 'REQUIRED' }], { clusterBy: [] });
    const from = with_([day, text('ad_id')], { clusterBy: [] });
    expect(shown(from, after)).toEqual([
      'add country:  -> STRING REQUIRED (copy)',
      'a table that exists cannot get a REQUIRED column: make it NULLABLE, or copy the table with a value',
      [
        'CREATE TABLE `acme.ads.report__copy` (',
        '  `day` DATE NOT NULL,',
        '  `ad_id` STRING,',
        '  `country` STRING NOT NULL',
        ')',
        'PARTITION BY `day`',
        'AS SELECT',
        '  `day` AS `day`,',
        '  `ad_id` AS `ad_id`,',
        '  @country AS `country`',
        'FROM `acme.ads.report`;',
      ].join('\n'),
      'SELECT (SELECT COUNT(*) FROM `acme.ads.report`) = (SELECT COUNT(*) FROM `acme.ads.report__copy`) AS same_rows;',
      'ALTER TABLE `acme.ads.report` RENAME TO `report__before`;',
      'ALTER TABLE `acme.ads.report__copy` RENAME TO `report`;',
    ]);
  });

  test('lets the deployment relax a column', () => {
    const required = with_([day, text('ad_id'), { ...count('clicks'), mode: 'REQUIRED' }, text('note')]);
    expect(shown(required, before)).toEqual([
      'relax clicks: REQUIRED -> NULLABLE (deploy)',
      'rows that exist stay as they are',
    ]);
  });

  test.each([
    ['NUMERIC', 'NUMERIC', ''],
    ['BIGNUMERIC', 'BIGNUMERIC', ''],
    ['FLOAT', 'FLOAT64', '; FLOAT is exact for whole numbers up to 2^53 only'],
  ] as const)('plans the widening of INTEGER to %s as a statement', (type, sql, warning) => {
    const after = with_([day, text('ad_id'), { ...count('clicks'), type }, text('note')]);
    expect(shown(before, after)).toEqual([
      `widen clicks: INTEGER -> ${type} (sql)`,
      `values are converted in place${warning}`,
      `ALTER TABLE \`acme.ads.report\` ALTER COLUMN \`clicks\` SET DATA TYPE ${sql};`,
    ]);
  });

  test('takes a dropped and an added column of one type and place for a rename, and says why', () => {
    const after = with_([day, text('ad_id'), count('clicks'), text('remark')]);
    expect(shown(before, after)).toEqual([
      'rename remark: note -> remark (sql)',
      'values stay, queries that use "note" break; taken for a rename because type, mode and place are equal',
      'ALTER TABLE `acme.ads.report` RENAME COLUMN `note` TO `remark`;',
    ]);
  });

  test.each([
    ['another type', [day, text('ad_id'), count('clicks'), count('remark')]],
    ['another place', [day, text('remark'), text('ad_id'), count('clicks')]],
    ['another mode', [day, text('ad_id'), count('clicks'), { ...text('remark'), mode: 'REPEATED' }]],
  ] as const)('does not take a column of %s for a rename', (_title, columns) => {
    expect(schemaChanges(before, with_(columns)).map((change) => `${change.class} ${change.column}`)).toEqual(
      ['add remark', 'drop note'],
    );
  });

  test('plans a drop as a statement and says how long time travel helps', () => {
    expect(shown(before, with_([day, text('ad_id'), count('clicks')]))).toEqual([
      'drop note: STRING ->  (sql)',
      'its values are lost; time travel reads them for up to 7 days (FOR SYSTEM_TIME AS OF)',
      'ALTER TABLE `acme.ads.report` DROP COLUMN `note`;',
    ]);
  });

  test('needs a copy to drop a column that the table is clustered by', () => {
    const changes = schemaChanges(before, with_([day, count('clicks'), text('note')], { clusterBy: [] }));
    expect(changes.map(({ class: kind, by, meaning }) => [kind, by, meaning])).toEqual([
      [
        'drop',
        'copy',
        'its values are lost; a column that the table is partitioned or clustered by cannot be dropped in place',
      ],
      [
        'cluster',
        'deploy',
        'new rows are clustered the new way, rows that exist when they are written again',
      ],
    ]);
  });

  test('recommends nothing for another order and names only the columns that moved', () => {
    expect(shown(before, with_([day, text('note'), text('ad_id'), count('clicks')]))).toEqual([
      'reorder table:  -> note (nobody)',
      'the table keeps its order; columns are read and written by name, so nothing has to be done',
    ]);
  });

  test('copies the rows to partition a table another way', () => {
    const created: Column = { name: 'created', type: 'TIMESTAMP', mode: 'NULLABLE' };
    const columns = [day, created];
    const from = { columns, partitionBy: 'day' };
    expect(shown(from, { columns, partitionBy: 'created', clusterBy: ['day'] })).toEqual([
      'partition table: day -> created (copy)',
      'BigQuery cannot partition a table that exists another way; all rows are copied',
      'cluster table: none -> day (deploy)',
      'new rows are clustered the new way, rows that exist when they are written again',
      [
        'CREATE TABLE `acme.ads.report__copy` (',
        '  `day` DATE NOT NULL,',
        '  `created` TIMESTAMP',
        ')',
        'PARTITION BY TIMESTAMP_TRUNC(`created`, DAY)',
        'CLUSTER BY `day`',
        'AS SELECT',
        '  `day` AS `day`,',
        '  `created` AS `created`',
        'FROM `acme.ads.report`;',
      ].join('\n'),
      'SELECT (SELECT COUNT(*) FROM `acme.ads.report`) = (SELECT COUNT(*) FROM `acme.ads.report__copy`) AS same_rows;',
      'ALTER TABLE `acme.ads.report` RENAME TO `report__before`;',
      'ALTER TABLE `acme.ads.report__copy` RENAME TO `report`;',
    ]);
  });

  test('needs a copy to make a column stricter', () => {
    const after = with_([day, text('ad_id'), { ...count('clicks'), mode: 'REQUIRED' }, text('note')]);
    expect(shown(before, after).slice(0, 2)).toEqual([
      'tighten clicks: NULLABLE -> REQUIRED (copy)',
      'a table that exists cannot be made stricter; the copy fails if any row has NULL there',
    ]);
  });

  test('casts in the copy when a type is not wider', () => {
    const after = with_([day, count('ad_id'), count('clicks'), { ...text('note'), mode: 'REPEATED' }]);
    const lines = shown(before, after);
    expect(lines.slice(0, 4)).toEqual([
      'retype ad_id: STRING -> INTEGER (copy)',
      'each STRING value must be cast to INTEGER; the copy fails at the first that cannot be',
      'retype note: NULLABLE -> REPEATED (copy)',
      'a list is stored differently from a single value; the copy has to turn one into the other',
    ]);
    expect(lines[4]).toContain('  CAST(`ad_id` AS INT64) AS `ad_id`,');
    expect(lines[4]).toContain('  IF(`note` IS NULL, [], [`note`]) AS `note`');
  });

  test('follows records: fields are added in place, dropped and renamed by a copy', () => {
    const from = { columns: [record('stats', [count('a'), text('b')])] };
    expect(shown(from, { columns: [record('stats', [count('a'), text('b'), text('c')])] })).toEqual([
      'add stats.c:  -> STRING (deploy)',
      'rows that exist get NULL',
    ]);
    const lines = shown(from, { columns: [record('stats', [count('a'), text('d')])] });
    expect(lines.slice(0, 2)).toEqual([
      'rename stats.d: b -> d (copy)',
      'values stay, queries that use "b" break; taken for a rename because type, mode and place are equal; ' +
        'a field inside a RECORD cannot be renamed in place',
    ]);
    expect(lines[2]).toContain(
      '  IF(`stats` IS NULL, NULL, STRUCT(`stats`.`a` AS `a`, `stats`.`b` AS `d`)) AS `stats`',
    );
  });

  test('asks for doubles when the key changes', () => {
    expect(shown(before, { ...before, key: ['ad_id'] })).toEqual([
      'key table: day, ad_id -> ad_id (sql)',
      'rows that exist may share the new key; the next merge meets all of them, so look for doubles first',
      'SELECT `ad_id`, COUNT(*) AS n FROM `acme.ads.report` GROUP BY `ad_id` HAVING n > 1;',
    ]);
  });

  test('does not count a renamed column as another partition, cluster or key', () => {
    const from = { columns: [day, text('ad')], clusterBy: ['ad'], key: ['day', 'ad'] };
    const to = { columns: [day, text('ad_id')], clusterBy: ['ad_id'], key: ['day', 'ad_id'] };
    expect(schemaChanges(from, to).map((change) => [change.class, change.by])).toEqual([['rename', 'copy']]);
  });

  test('takes BigQuery names of different case for one column', () => {
    expect(schemaChanges({ columns: [text('Note')] }, { columns: [text('note')] })).toEqual([]);
  });

  test('runs renames before conversions and drops', () => {
    const after = with_([day, text('ad_id'), { ...count('clicks'), type: 'NUMERIC' }, text('remark')]);
    const from = with_([...before.columns, text('old')]);
    const changes = schemaChanges(from, after);
    expect(migrationSql({ table: 'a.b.c', before: from, after, changes })).toEqual([
      'ALTER TABLE `a.b.c` RENAME COLUMN `note` TO `remark`;',
      'ALTER TABLE `a.b.c` ALTER COLUMN `clicks` SET DATA TYPE NUMERIC;',
      'ALTER TABLE `a.b.c` DROP COLUMN `old`;',
    ]);
  });
});
