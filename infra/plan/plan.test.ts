import { describe, expect, test } from 'vitest';
import type { Column } from '../../functions/core/schema.ts';
import { planDocument } from './document.ts';
import { markdownText } from './markdown.ts';
import { hasChanges, toPlan } from './plan.ts';
import { terminalText } from './terminal.ts';
import { resource, snapshotOf, tinyBinding, tinyResources } from './testing/tiny-graph.ts';

const now = new Date('2026-11-20T12:00:00Z');
const commit = '0123456789abcdef0123456789abcdef01234567';
const head = snapshotOf(tinyResources, { bindings: [tinyBinding] });
const text = (name: string): Column => ({ name, type: 'STRING', mode: 'NULLABLE' });
const table = (columns: readonly Column[]) => ({
  pipeline: 'ads',
  declared: 'report',
  id: 'acme.ads.report',
  schema: 'ads/report',
  shape: { columns },
});
const paint = (_style: string, content: string) => content;

describe('toPlan', () => {
  test('is JSON with resources, grants and schedules', () => {
    const plan = toPlan(head, undefined, now);
    expect(JSON.parse(JSON.stringify(plan))).toEqual({
      format: 1,
      project: 'demo',
      stack: 'dev',
      resources: [
        { count: 1, types: [{ type: 'storage Bucket', names: ['staging'] }] },
        {
          pipeline: 'ads',
          count: 2,
          types: [
            { type: 'cloudscheduler Job', names: ['ads--main'] },
            { type: 'secretmanager SecretIamMember', names: ['ads--secret--token'] },
          ],
        },
      ],
      iam: { grants: [tinyBinding], missing: [] },
      schedules: [
        {
          name: 'ads--main',
          pipeline: 'ads',
          cron: '0 6 * * *',
          timeZone: 'Europe/Rome',
          paused: false,
          words: 'At 06:00, every day',
          nextRuns: ['Sat 2026-11-21 06:00', 'Sun 2026-11-22 06:00', 'Mon 2026-11-23 06:00'],
        },
      ],
      problems: [],
    });
  });

  test('sees no change between equal snapshots', () => {
    const { changes } = toPlan(head, { ref: 'main', commit, snapshot: head }, now);
    expect(changes).toEqual({
      base: { ref: 'main', commit },
      resources: [],
      iam: { gained: [], lost: [] },
      schedules: [],
      tables: [],
      schemaFiles: [],
    });
    expect(changes !== undefined && hasChanges(changes)).toBe(false);
  });

  test('counts everything as added when the base has nothing to compare with', () => {
    const { changes } = toPlan(head, { ref: 'main', commit, note: 'has no infra/index.ts' }, now);
    expect(changes?.resources.map(({ op, name }) => [op, name])).toEqual([
      ['added', 'ads--main'],
      ['added', 'ads--secret--token'],
      ['added', 'staging'],
    ]);
    expect(changes?.iam.gained).toEqual([tinyBinding]);
    expect(changes?.schedules).toEqual([
      { name: 'ads--main', pipeline: 'ads', from: undefined, to: 'At 06:00, every day (Europe/Rome)' },
    ]);
  });

  test('tells roles gained from roles lost, and schedules before from after', () => {
    const job = 'gcp:cloudscheduler/job:Job';
    const inputs = { schedule: '0 7 * * *', timeZone: 'Europe/Rome', paused: true };
    const other = { ...tinyBinding, id: 'ads--secret--other', on: { kind: 'secret', name: 'other' } };
    const grant = resource('gcp:secretmanager/secretIamMember:SecretIamMember', other.id, {
      role: other.role,
    });
    const after = snapshotOf([grant, resource(job, 'ads--main', inputs)], { bindings: [other] });
    const { changes } = toPlan(after, { ref: 'main', commit, snapshot: head }, now);
    expect(changes?.iam).toEqual({ gained: [other], lost: [tinyBinding] });
    expect(changes?.schedules).toEqual([
      {
        name: 'ads--main',
        pipeline: undefined,
        from: 'At 06:00, every day (Europe/Rome)',
        to: 'At 07:00, every day (Europe/Rome), paused',
      },
    ]);
  });

  test('names what is granted without a reason, and what is not granted in spite of one', () => {
    const stray = resource('gcp:projects/iAMMember:IAMMember', 'stray', {
      role: 'roles/owner',
      member: 'user:a@b.c',
      project: 'acme',
    });
    const { problems } = toPlan(snapshotOf([stray], { bindings: [tinyBinding] }), undefined, now);
    expect(problems).toEqual([
      'UNEXPLAINED: "stray" gives user:a@b.c the role roles/owner on project acme, and nothing in the declarations ' +
        'asks for it',
      'MISSING: the program does not give etl-ads the role roles/secretmanager.secretAccessor on secret token ' +
        '("ads--secret--token"), which ads needs because of groups.main.secret = token',
    ]);
  });
});

describe('terminalText', () => {
  test('fits the width and wraps instead of cutting', () => {
    const lines = terminalText(planDocument(toPlan(head, undefined, now)), { width: 72, paint });
    expect(lines).toEqual([
      'Plan of stack dev: 3 resources, 1 pipeline',
      '',
      'Resources',
      '  pipeline  type                           n  names',
      '  ────────  ─────────────────────────────  ─  ──────────────────',
      '  estate    storage Bucket                 1  staging',
      '  ads       cloudscheduler Job             1  ads--main',
      '            secretmanager SecretIamMember  1  ads--secret--token',
      '',
      'IAM: who may do what',
      '  who      may                      on            because of',
      '  ───────  ───────────────────────  ────────────  ──────────────────────',
      '  etl-ads  roles/secretmanager.     secret token  ads:',
      '           secretAccessor                         groups.main.secret =',
      '                                                  token',
      '',
      'Schedules',
      '  name       when                               next three runs',
      '  ─────────  ─────────────────────────────────  ────────────────────',
      '  ads--main  At 06:00, every day (Europe/Rome)  Sat 2026-11-21 06:00',
      '                                                Sun 2026-11-22 06:00',
      '                                                Mon 2026-11-23 06:00',
    ]);
  });

  test('ends with the changes and the problems, and says who has to act', () => {
    const before = snapshotOf([], { tables: [table([text('a'), text('b')])] });
    const stray = resource('gcp:projects/iAMMember:IAMMember', 'stray', {
      role: 'roles/owner',
      member: 'x',
      project: 'p',
    });
    const after = snapshotOf([stray], { tables: [table([text('a')])] });
    const plan = toPlan(after, { ref: 'main', commit, snapshot: before }, now);
    const lines = terminalText(planDocument(plan), { width: 200, paint });
    expect(lines.slice(lines.indexOf('Changes since main (012345678)'))).toEqual([
      'Changes since main (012345678)',
      '  Resources: 1 added, 0 removed, 0 changed.',
      '  + projects IAMMember stray',
      '  IAM gained:',
      '  who  may          on         because of',
      '  ───  ───────────  ─────────  ───────────',
      '  x    roles/owner  project p  UNEXPLAINED',
      '  Table acme.ads.report (ads, schemas/ads/report.json):',
      '  change  column  from    to  done by   data that exists',
      '  ──────  ──────  ──────  ──  ────────  ────────────────────────────────────────────────────────────────────────────────────',
      '  drop    b       STRING      a person  its values are lost; time travel reads them for up to 7 days (FOR SYSTEM_TIME AS OF)',
      '  Needs a person: run this before the deployment, which never replaces a table.',
      '    ALTER TABLE `acme.ads.report` DROP COLUMN `b`;',
      '',
      'Problems',
      '  UNEXPLAINED: "stray" gives x the role roles/owner on project p, and nothing in the declarations asks for it',
    ]);
  });
});

describe('changes of a resource', () => {
  const object = (hash: string) =>
    resource('gcp:storage/bucketObject:BucketObject', 'ads/function', {
      name: `functions/ads-${hash}.zip`,
      source: { file: `ads-${hash}.zip`, sha256: hash.repeat(64) },
    });
  const table_ = (field: string) =>
    resource('gcp:bigquery/table:Table', 'report', {
      labels: { team: field },
      timePartitioning: { type: 'DAY', field },
    });
  const plan = toPlan(
    snapshotOf([object('b'), table_('day')]),
    { ref: 'main', commit, snapshot: snapshotOf([object('a'), table_('week')]) },
    now,
  );

  test('name the code by its hash, the properties by their path, and the person who is needed', () => {
    const lines = terminalText(planDocument(plan), { width: 80, paint });
    expect(lines.slice(lines.indexOf('Changes since main (012345678)') + 1)).toEqual([
      '  Resources: 0 added, 0 removed, 2 changed.',
      '  ~ bigquery Table report',
      '      labels.team: week -> day',
      '      timePartitioning.field: week -> day',
      '      needs a person: timePartitioning.field cannot change in place, and the',
      '        table is never replaced: it holds data',
      '  ~ storage BucketObject ads/function',
      '      code: aaaaaaaaaaaa -> bbbbbbbbbbbb',
    ]);
  });

  test('are coloured by GitHub in a pull request', () => {
    expect(markdownText(planDocument(plan))).toContain(
      '```diff\n! bigquery Table report\n    labels.team: week -> day\n',
    );
  });
});

describe('markdownText', () => {
  test('shows changes open and the estate folded', () => {
    const before = snapshotOf(tinyResources, { bindings: [tinyBinding], tables: [table([text('a')])] });
    const after = snapshotOf([...tinyResources, resource('gcp:storage/bucket:Bucket', 'extra|one', {})], {
      bindings: [tinyBinding],
      tables: [table([text('b_c')])],
    });
    const plan = toPlan(after, { ref: 'origin/main', commit, snapshot: before }, now);
    expect(markdownText(planDocument(plan))).toBe(`## Plan of stack dev: 4 resources, 1 pipeline

### Changes since origin/main (012345678)

Resources: 1 added, 0 removed, 0 changed.

\`\`\`diff
+ storage Bucket extra|one
\`\`\`

Table acme.ads.report (ads, schemas/ads/report.json):

| change | column | from | to | done by | data that exists |
| --- | --- | --- | --- | --- | --- |
| rename | b\\_c | a | b\\_c | a person | values stay, queries that use "a" break; taken for a rename because type, mode and place are equal |

Needs a person: run this before the deployment, which never replaces a table.

\`\`\`sql
ALTER TABLE \`acme.ads.report\` RENAME COLUMN \`a\` TO \`b_c\`;
\`\`\`

<details><summary>Resources</summary>

| pipeline | type | n | names |
| --- | --- | --- | --- |
| estate | storage Bucket | 2 | extra\\|one, staging |
| ads | cloudscheduler Job | 1 | ads--main |
|  | secretmanager SecretIamMember | 1 | ads--secret--token |

</details>

<details><summary>IAM: who may do what</summary>

| who | may | on | because of |
| --- | --- | --- | --- |
| etl-ads | roles/secretmanager.secretAccessor | secret token | ads: groups.main.secret = token |

</details>

<details><summary>Schedules</summary>

| name | when | next three runs |
| --- | --- | --- |
| ads--main | At 06:00, every day (Europe/Rome) | Sat 2026-11-21 06:00<br>Sun 2026-11-22 06:00<br>Mon 2026-11-23 06:00 |

</details>
`);
  });

  test('says so when nothing changes, and when the base cannot be compared', () => {
    const document = (note: string | undefined) =>
      markdownText(
        planDocument(toPlan(snapshotOf([]), { ref: 'main', commit, snapshot: snapshotOf([]), note }, now)),
      );
    expect(document(undefined)).toContain('### Changes since main (012345678)\n\nNothing changes.');
    expect(document('has no infra/index.ts')).toContain(
      'The base has no infra/index.ts: everything counts as added.',
    );
  });

  test('leaves out what does not fit a comment, and says what', () => {
    const markdown = markdownText(planDocument(toPlan(head, undefined, now)), 400);
    expect(markdown).toContain('<summary>Resources</summary>');
    expect(markdown).not.toContain('<summary>Schedules</summary>');
    expect(markdown).toContain(
      'Left out, because a comment has a limit: IAM: who may do what, Schedules. `npx catchment plan` shows them.',
    );
  });
});
