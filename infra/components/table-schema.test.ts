import { expect, test } from 'vitest';
import { parseSchema } from '../../functions/core/schema.ts';
import { clusteringOf, partitioningOf, tableSchema } from './table-schema.ts';

const table = {
  declared: 'report',
  name: 'report',
  schema: 'ads/report',
  key: ['day'],
  writeMode: 'append',
  cursor: { kind: 'snapshot' },
} as const;

test('the schema BigQuery gets is the file without our keys, then the system columns', () => {
  const file = JSON.stringify([
    { name: 'day', type: 'DATE', mode: 'REQUIRED', sourceName: 'Day!', format: '%d.%m.%Y' },
    {
      name: 'parts',
      type: 'STRUCT',
      mode: 'REPEATED',
      description: 'Parts',
      fields: [{ name: 'id', type: 'INT64', sourceName: 'ID' }],
    },
  ]);
  expect(JSON.parse(tableSchema(parseSchema(file, 'x.json')))).toEqual([
    { name: 'day', type: 'DATE', mode: 'REQUIRED' },
    {
      name: 'parts',
      type: 'RECORD',
      mode: 'REPEATED',
      description: 'Parts',
      fields: [{ name: 'id', type: 'INTEGER', mode: 'NULLABLE' }],
    },
    {
      name: '_origin',
      type: 'STRING',
      mode: 'NULLABLE',
      description: 'Account or object this row came from',
    },
    {
      name: '_extra',
      type: 'JSON',
      mode: 'NULLABLE',
      description: 'Fields the schema file does not name',
    },
  ]);
});

test('a table is partitioned by its partitionBy, else by its window, else not at all', () => {
  expect(partitioningOf({ ...table, windowField: 'day', partitionBy: 'loaded_at' })).toEqual({
    timePartitioning: { type: 'DAY', field: 'loaded_at' },
  });
  expect(partitioningOf({ ...table, windowField: 'day' })).toEqual({
    timePartitioning: { type: 'DAY', field: 'day' },
  });
  expect(partitioningOf(table)).toEqual({});
});

test('a table is clustered only when it says so', () => {
  expect(clusteringOf({ ...table, clusterBy: ['a', 'b'] })).toEqual({ clusterings: ['a', 'b'] });
  expect(clusteringOf(table)).toEqual({});
});
