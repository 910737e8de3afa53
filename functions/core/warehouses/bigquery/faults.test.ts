import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Warehouse } from '../warehouse.ts';
import type { SeenRequest } from './sandbox/server.ts';
import { settle } from './settings.ts';
import { commitRows, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
});

afterEach(async () => {
  await fixture.emulator.close();
});

const rows = [
  { day: '2026-11-01', id: 'a', value: 1 },
  { day: '2026-11-01', id: 'b', value: 2 },
];
const isCommit = ({ method, body }: SeenRequest) => method === 'POST' && body.includes('"catchment_commit_');
const isUpload = ({ path }: SeenRequest) => path.startsWith('/upload/');
const jobsOf = (kind: string) =>
  fixture.emulator.jobs.all().filter(({ id }) => id.startsWith(`catchment_${kind}_`));
const count = async () => (await warehouse.query('SELECT count(*) FROM ads')).rows[0]?.[0];

async function prepared() {
  const lease = await takeLease(warehouse);
  await warehouse.prepare([target]);
  return lease;
}

describe('a connection that breaks', () => {
  it.each([
    ['the upload', isUpload, 'load'],
    ['the commit', isCommit, 'commit'],
  ] as const)('after %s was taken does not make it happen twice', async (_, match, kind) => {
    const lease = await prepared();
    fixture.emulator.requestFaults.push({ match, act: 'lose-answer' });
    expect(
      await commitRows(warehouse, lease, rows, { target: { ...target, writeMode: 'append' } }),
    ).toMatchObject({
      inserted: 2,
    });
    expect(await count()).toBe(2);
    expect(jobsOf(kind)).toHaveLength(1);
    expect(fixture.emulator.requests.filter(match)).toHaveLength(2);
  });

  it.each([
    ['the upload', isUpload],
    ['the commit', isCommit],
    [
      'a poll',
      ({ method, path }: SeenRequest) => method === 'GET' && path.includes('/jobs/catchment_commit'),
    ],
    ['the result', ({ path }: SeenRequest) => path.includes('/queries/catchment_commit')],
  ])('before %s arrived is mended by sending it again', async (_, match) => {
    const lease = await prepared();
    fixture.emulator.requestFaults.push({ match, act: 'lose-request' });
    expect(await commitRows(warehouse, lease, rows)).toMatchObject({ inserted: 2 });
    expect(await count()).toBe(2);
  });

  it('for good is told after six attempts', async () => {
    await prepared();
    const { requestFaults } = fixture.emulator;
    for (let time = 0; time < 6; time += 1) requestFaults.push({ match: () => true, act: 'lose-request' });
    await expect(warehouse.prepare([target])).rejects.toMatchObject({
      kind: 'retryable',
      code: 'warehouse',
      message: expect.stringMatching(
        /^BigQuery: reading the columns of marts\.ads got no answer \(.+\); several attempts failed; run it again later$/,
      ),
    });
  });
});

describe('a refusal', () => {
  it.each([
    [503, 'backendError'],
    [500, 'internalError'],
    [403, 'rateLimitExceeded'],
    [429, 'rateLimitExceeded'],
  ])('%i %s passes by itself', async (status, reason) => {
    const lease = await prepared();
    fixture.emulator.requestFaults.push({ match: isCommit, act: { status, reason } });
    expect(await commitRows(warehouse, lease, rows)).toMatchObject({ inserted: 2 });
  });

  it('of a token that was taken back asks for a new one', async () => {
    const lease = await prepared();
    fixture.emulator.token += 1;
    expect(await commitRows(warehouse, lease, rows)).toMatchObject({ inserted: 2 });
  });

  it('for want of rights names the roles', async () => {
    const lease = await prepared();
    fixture.emulator.requestFaults.push({ match: isUpload, act: { status: 403, reason: 'accessDenied' } });
    await expect(commitRows(warehouse, lease, rows)).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message:
        'BigQuery: loading rows for marts.ads failed (403, accessDenied, made to fail); the account needs roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project; deploy the stack again',
    });
  });

  it('because there is no dataset says who makes it', async () => {
    await expect(takeLease(fixture.open({ dataset: 'nowhere' }))).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message:
        '[acme.nowhere] there is no such dataset; the stack makes the dataset and its tables; deploy it first',
    });
  });
});

describe('a job that fails', () => {
  it.each(['backendError', 'jobInternalError', 'jobRateLimitExceeded'])(
    'with %s is run again under a new id',
    async (reason) => {
      const lease = await prepared();
      fixture.emulator.jobFaults.push(
        { match: ({ configuration }) => configuration.load !== undefined, reason, message: 'passing' },
        { match: ({ id }) => id.startsWith('catchment_commit_'), reason, message: 'passing' },
      );
      expect(await commitRows(warehouse, lease, rows)).toMatchObject({ inserted: 2 });
      for (const kind of ['load', 'commit'])
        expect(jobsOf(kind).map(({ id }) => id.slice(-2))).toEqual(['_1', '_2']);
      expect(await count()).toBe(2);
    },
  );

  it('because another transaction changed the same table is run again', async () => {
    const lease = await prepared();
    fixture.emulator.jobFaults.push({
      match: ({ id }) => id.startsWith('catchment_commit_'),
      reason: 'invalidQuery',
      message: 'Query error: Transaction is aborted due to concurrent update against table acme:marts.ads.',
    });
    expect(await commitRows(warehouse, lease, rows)).toMatchObject({ inserted: 2 });
  });

  it('because a daily quota is used up defers the run', async () => {
    const lease = await prepared();
    fixture.emulator.jobFaults.push({
      match: ({ configuration }) => configuration.load !== undefined,
      reason: 'quotaExceeded',
      message: 'Quota exceeded: load jobs per day',
    });
    await expect(commitRows(warehouse, lease, rows)).rejects.toMatchObject({
      kind: 'retryable',
      code: 'deferred',
      // Midnight in California, in winter.
      resumeAt: new Date('2026-11-12T08:00:00Z'),
      message:
        'BigQuery: loading rows for marts.ads failed (quotaExceeded, Quota exceeded: load jobs per day); a daily limit of the project or the table is used up until midnight in California; the run goes on then',
    });
  });

  it('because a table was dropped says so', async () => {
    const lease = await prepared();
    const stage = await warehouse.openStage(target, 'acc');
    await stage.append({ rows: 1, values: [['2026-11-01'], ['a'], [1n], ['acc'], [null]] });
    await fixture.emulator.catalog.remove('marts', 'ads');
    await expect(commitRows(warehouse, lease, rows)).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
    });
    await stage.discard();
  });
});

describe('an account without a metadata server', () => {
  it('is told where BigQuery warehouses run', async () => {
    const open = fixture.open({ metadataUrl: 'http://127.0.0.1:1' });
    await expect(takeLease(open)).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message:
        'no access token for BigQuery could be had from 127.0.0.1:1; a BigQuery warehouse is written by a deployed function or job, which runs as a service account; use the embedded warehouse elsewhere',
    });
  });

  it('may name a stand-in on this machine only', () => {
    const options = { project: 'p', location: 'EU', dataset: 'd' };
    expect(settle(options, { CATCHMENT_BIGQUERY_URL: 'http://localhost:9050' }).bigqueryUrl).toBe(
      'http://localhost:9050',
    );
    expect(settle(options, {})).toMatchObject({
      bigqueryUrl: 'https://bigquery.googleapis.com',
      metadataUrl: 'http://metadata.google.internal',
    });
    expect(() => settle(options, { CATCHMENT_BIGQUERY_URL: 'https://example.com' })).toThrow(
      '[CATCHMENT_BIGQUERY_URL] is not a URL on this machine: got "https://example.com"; allowed: URLs of 127.0.0.1, localhost or [::1]',
    );
  });
});
