import { describe, expect, test } from 'vitest';
import type { GraphResource } from './graph.ts';
import { graphDiff } from './graph-diff.ts';
import { graphOf, resource } from './testing/tiny-graph.ts';

const bucketType = 'gcp:storage/bucket:Bucket';
const tableType = 'gcp:bigquery/table:Table';
const bucket = resource(bucketType, 'b', { location: 'EU', labels: { team: 'a' } });

const diff = (before: readonly GraphResource[], after: readonly GraphResource[]) =>
  graphDiff(graphOf(before), graphOf(after)).map(({ op, name, properties, person }) => ({
    op,
    name,
    properties,
    person,
  }));

describe('graphDiff', () => {
  test('is empty for equal graphs', () => {
    expect(diff([bucket], [{ ...bucket }])).toEqual([]);
  });

  test('tells added from removed resources', () => {
    const other = resource(bucketType, 'c', {});
    expect(diff([bucket], [other])).toEqual([
      { op: 'removed', name: 'b', properties: [], person: undefined },
      { op: 'added', name: 'c', properties: [], person: undefined },
    ]);
  });

  test('names the properties that differ, however deep', () => {
    const after = resource(bucketType, 'b', { location: 'EU', labels: { team: 'b', env: 'dev' } });
    expect(diff([bucket], [after])).toEqual([
      {
        op: 'changed',
        name: 'b',
        properties: [
          { path: 'labels.env', from: undefined, to: 'dev' },
          { path: 'labels.team', from: 'a', to: 'b' },
        ],
        person: undefined,
      },
    ]);
  });

  test('compares JSON inside text as JSON', () => {
    const before = resource(bucketType, 'b', { env: ['{"groups":[{"name":"a"}],"x":1}'] });
    const after = resource(bucketType, 'b', { env: ['{"x":1,"groups":[{"name":"b"}]}'] });
    expect(diff([before], [after])[0]?.properties).toEqual([
      { path: 'env[0].groups[0].name', from: 'a', to: 'b' },
    ]);
  });

  test('does not compare components, which exist in code only', () => {
    expect(diff([], [{ ...bucket, custom: false }])).toEqual([]);
  });

  test('shows that protection is taken away', () => {
    const guarded = { ...bucket, protect: true };
    expect(diff([guarded], [bucket])[0]?.properties).toEqual([{ path: '(protect)', from: true, to: false }]);
  });

  test('leaves columns to the schema changes and only says that they differ', () => {
    const columns = (names: string[]) => JSON.stringify(names.map((name) => ({ name })));
    const before = resource(tableType, 't', { schema: columns(['a', 'b']) });
    const after = resource(tableType, 't', { schema: columns(['x', 'a', 'b']) });
    expect(diff([before], [after])[0]?.properties).toEqual([
      { path: 'schema', from: '2 columns, d3b2d07b', to: '3 columns, edfbde18' },
    ]);
  });

  test.each([
    ['timePartitioning', { timePartitioning: { type: 'DAY', field: 'b' } }, 'timePartitioning.field'],
    ['tableId', { tableId: 'u' }, 'tableId'],
  ])('never replaces a table for a change of %s', (_title, change, path) => {
    const inputs = { tableId: 't', timePartitioning: { type: 'DAY', field: 'a' } };
    const after = resource(tableType, 't', { ...inputs, ...change });
    expect(diff([resource(tableType, 't', inputs)], [after])[0]?.person).toBe(
      `${path} cannot change in place, and the table is never replaced: it holds data`,
    );
  });

  test('does not ask for a person when a label of a table changes', () => {
    const before = resource(tableType, 't', { labels: { a: '1' } });
    const after = resource(tableType, 't', { labels: { a: '2' } });
    expect(diff([before], [after])[0]?.person).toBeUndefined();
  });

  test.each([
    [
      'protected by Pulumi',
      { protect: true },
      {},
      'the table is protected: the deployment refuses to delete it',
    ],
    [
      'protected by BigQuery',
      {},
      { deletionProtection: true },
      'the table is protected: the deployment refuses to delete it',
    ],
    ['not protected', {}, {}, 'the table would be deleted with what it holds'],
  ])('asks for a person when a table goes that is %s', (_title, more, inputs, reason) => {
    expect(diff([resource(tableType, 't', inputs, more)], [])[0]?.person).toBe(reason);
  });
});
