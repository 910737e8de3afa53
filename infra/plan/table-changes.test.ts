import { describe, expect, test } from 'vitest';
import type { Column } from '../../functions/core/schema.ts';
import { type PlannedTable, tableChanges, unusedSchemaChanges } from './table-changes.ts';

const text = (name: string): Column => ({ name, type: 'STRING', mode: 'NULLABLE' });
const report: PlannedTable = {
  pipeline: 'ads',
  declared: 'report',
  id: 'acme.ads.report',
  schema: 'ads/report',
  shape: { columns: [text('a')] },
};

describe('tableChanges', () => {
  test('is empty when nothing changes', () => {
    expect(tableChanges([report], [{ ...report }])).toEqual([]);
  });

  test('lets the deployment make a new table', () => {
    expect(tableChanges([], [report])).toEqual([
      {
        pipeline: 'ads',
        id: 'acme.ads.report',
        schema: 'ads/report',
        changes: [
          { class: 'new-table', by: 'deploy', meaning: 'there is no data yet; the first run fills it' },
        ],
        sql: [],
      },
    ]);
  });

  test('never drops a table by deployment, and offers no statement that does', () => {
    expect(tableChanges([report], [])).toMatchObject([
      {
        changes: [
          {
            class: 'drop-table',
            by: 'sql',
            meaning:
              'the deployment refuses to delete a table that may hold data: take it out of the stack with ' +
              '`pulumi state delete` and keep it, or drop it too',
          },
        ],
        sql: [],
      },
    ]);
  });

  test('plans another name in the stack file as a rename before the other changes', () => {
    const after = { ...report, id: 'acme.ads.REPORT_RAW', shape: { columns: [] } };
    expect(tableChanges([report], [after])).toMatchObject([
      {
        id: 'acme.ads.REPORT_RAW',
        changes: [
          {
            class: 'rename-table',
            from: 'acme.ads.report',
            to: 'acme.ads.REPORT_RAW',
            by: 'sql',
            meaning:
              'a deployment would delete the old table, which is refused, and make an empty one: run the SQL, ' +
              'then bring the table into the stack with `pulumi import`',
          },
          { class: 'drop', column: 'a' },
        ],
        sql: [
          'ALTER TABLE `acme.ads.report` RENAME TO `REPORT_RAW`;',
          'ALTER TABLE `acme.ads.REPORT_RAW` DROP COLUMN `a`;',
        ],
      },
    ]);
  });

  test('copies a table into another dataset', () => {
    const after = { ...report, id: 'acme.new.report' };
    expect(tableChanges([report], [after])[0]?.sql).toEqual([
      'CREATE TABLE `acme.new.report` COPY `acme.ads.report`;',
    ]);
  });

  test('knows a table by its name when the pipeline got another one', () => {
    expect(tableChanges([report], [{ ...report, pipeline: 'adverts' }])).toEqual([]);
  });
});

test('schema files without a table are compared too', () => {
  const before = { 'files/a': [text('x')], 'ads/report': [text('x')] };
  const after = { 'files/a': [text('x'), text('y')], 'files/new': [text('z')], 'ads/report': [] };
  const used = tableChanges([], [report]);
  expect(unusedSchemaChanges(before, after, used)).toEqual([
    {
      file: 'schemas/files/a.json',
      changes: [
        { class: 'add', column: 'y', to: 'STRING', by: 'deploy', meaning: 'rows that exist get NULL' },
      ],
    },
  ]);
});
