import { expect, it } from 'vitest';
import type { Group, Pipeline } from '../functions/core/pipeline.ts';
import type { AnySource, SourceGrant } from '../functions/core/source.ts';
import { grantsOf } from './grants.ts';

const group = (name: string, settings: Group['settings'], sandbox = false): Group => ({
  name,
  timeZone: 'UTC',
  sandbox,
  settings,
});
const ask = (groups: readonly Group[], grants: readonly SourceGrant[]) =>
  grantsOf({ name: 'app', groups } as Pipeline, { grants } as unknown as AnySource);

it('gives a role on the project that a setting names, once for all groups that name it', () => {
  const grants = [{ role: 'roles/datastore.viewer', on: 'project', setting: 'project' }] as const;
  const groups = [group('a', { project: 'acme-app' }), group('b', { project: 'acme-app' }), group('c', {})];
  expect(ask(groups, grants)).toEqual([
    {
      id: 'app--datastore-viewer--acme-app',
      member: 'pipeline',
      role: 'roles/datastore.viewer',
      on: { kind: 'project', name: 'acme-app', project: 'acme-app' },
      because: 'groups.a.project = acme-app, groups.b.project = acme-app',
    },
  ]);
});

it('gives a role on the bucket of a gs:// URL, and none on another place', () => {
  const grants = [
    { role: 'roles/storage.objectViewer', on: 'bucket', setting: 'root' },
    { role: 'roles/storage.objectUser', on: 'bucket', setting: 'transfer.bucket' },
  ] as const;
  const groups = [
    group('a', { root: 'gs://acme-exports/daily' }),
    group('b', { root: 's3://acme/daily', transfer: { bucket: 'gs://acme-staging/in' } }),
    group('c', { root: 'gs://sandbox' }, true),
  ];
  expect(ask(groups, grants).map(({ id, on }) => [id, on.kind, on.name])).toEqual([
    ['app--storage-objectViewer--acme-exports', 'bucket', 'acme-exports'],
    ['app--storage-objectUser--acme-staging', 'bucket', 'acme-staging'],
  ]);
});

it('gives nothing for a source without grants', () => {
  expect(grantsOf({ name: 'app', groups: [group('a', {})] } as unknown as Pipeline, {} as AnySource)).toEqual(
    [],
  );
});
