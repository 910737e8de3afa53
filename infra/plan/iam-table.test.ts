import { describe, expect, test } from 'vitest';
import { iamTable } from './iam-table.ts';
import { graphOf, resource, tinyBinding, tinyResources } from './testing/tiny-graph.ts';

const secretMember = 'gcp:secretmanager/secretIamMember:SecretIamMember';

describe('iamTable', () => {
  test('says who may do what, on what, because of which line', () => {
    expect(iamTable(graphOf(tinyResources), [tinyBinding])).toEqual({ grants: [tinyBinding], missing: [] });
  });

  test('takes the member from the account that the program names', () => {
    const role = 'roles/secretmanager.secretAccessor';
    const member = 'serviceAccount:etl-ads@acme.iam.gserviceaccount.com';
    const graph = graphOf([resource(secretMember, tinyBinding.id, { role, member })]);
    expect(iamTable(graph, [tinyBinding]).grants).toEqual([tinyBinding]);
  });

  test.each([
    ['another role', { role: 'roles/owner', member: null }],
    [
      'another member',
      { role: tinyBinding.role, member: 'serviceAccount:etl-ads-2@acme.iam.gserviceaccount.com' },
    ],
    ['everybody', { role: tinyBinding.role, member: 'allUsers' }],
  ])('does not explain a grant by a binding of the same name with %s', (_title, inputs) => {
    const graph = graphOf([resource(secretMember, tinyBinding.id, { ...inputs, secretId: 'token' })]);
    const { grants, missing } = iamTable(graph, [tinyBinding]);
    expect(grants).toEqual([
      {
        id: tinyBinding.id,
        member: inputs.member ?? '(known after the deployment)',
        role: inputs.role,
        on: { kind: 'secretId', name: 'token' },
        pipeline: undefined,
      },
    ]);
    expect(missing).toEqual([tinyBinding]);
  });

  test.each([
    'gcp:projects/iAMMember:IAMMember',
    'gcp:projects/iAMBinding:IAMBinding',
    'gcp:projects/iAMPolicy:IAMPolicy',
    'gcp:storage/bucketIAMMember:BucketIAMMember',
    'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
    'gcp:bigquery/datasetIamPolicy:DatasetIamPolicy',
    'gcp:bigquery/datasetAccess:DatasetAccess',
    'gcp:storage/bucketACL:BucketACL',
    'gcp:storage/bucketAccessControl:BucketAccessControl',
    'gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl',
  ])('finds a grant of type %s', (type) => {
    const { grants } = iamTable(graphOf([resource(type, 'x', { role: 'r', member: 'allUsers' })]), []);
    expect(grants.map(({ member, role, because }) => [member, role, because])).toEqual([
      ['allUsers', 'r', undefined],
    ]);
  });

  test('finds what a dataset grants by itself', () => {
    const accesses = [{ role: 'READER', specialGroup: 'allAuthenticatedUsers' }];
    const dataset = resource('gcp:bigquery/dataset:Dataset', 'd', { datasetId: 'ads', accesses });
    expect(iamTable(graphOf([dataset]), []).grants).toEqual([
      {
        id: 'd',
        member: 'allAuthenticatedUsers',
        role: 'READER',
        on: { kind: 'dataset', name: 'ads' },
        pipeline: undefined,
      },
    ]);
  });

  test('names the bindings that the program does not grant', () => {
    expect(iamTable(graphOf([]), [tinyBinding])).toEqual({ grants: [], missing: [tinyBinding] });
  });

  test('ignores roles and accounts that grant nothing by themselves', () => {
    const graph = graphOf([
      resource('gcp:projects/iAMCustomRole:IAMCustomRole', 'role', {}),
      resource('gcp:serviceaccount/account:Account', 'account', {}),
    ]);
    expect(iamTable(graph, []).grants).toEqual([]);
  });
});
