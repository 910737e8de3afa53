import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Warehouse } from '../warehouse.ts';
import { csvStream } from './byte-stream-fixture.ts';
import type { SeenRequest } from './sandbox/server.ts';
import { commitStage, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

const pieceBytes = 256 * 1024;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open({ chunkBytes: pieceBytes });
});

afterEach(async () => {
  await fixture.emulator.close();
});

const count = 30_000;
const lines = Array.from({ length: count }, (_, index) => `2026-11-01,${index},${index}\n`);
const streamOfRows = (options: { readonly breakAfter?: number } = {}) =>
  csvStream(['day', 'id', 'value'], lines.join(''), { chunkBytes: 64 * 1024, rows: count, ...options });

const isPiece = ({ method }: SeenRequest) => method === 'PUT';
const isBegin = ({ method, path }: SeenRequest) => method === 'POST' && path.startsWith('/upload/');
const isMove = ({ method, body }: SeenRequest) => method === 'POST' && body.includes('"catchment_move_');
const isCommit = ({ method, body }: SeenRequest) => method === 'POST' && body.includes('"catchment_commit_');
const jobsOf = (kind: string) =>
  fixture.emulator.jobs.all().filter(({ id }) => id.startsWith(`catchment_${kind}_`));

/** Pipes and appends, so that a row that came twice is two rows. */
async function load(stream = streamOfRows()) {
  const appended = { ...target, writeMode: 'append' } as const;
  const lease = await takeLease(warehouse);
  await warehouse.prepare([appended]);
  const stage = await warehouse.openStage(appended, 'acc');
  try {
    const piped = await stage.pipe([stream]);
    await commitStage(warehouse, lease, stage);
    const { rows } = await warehouse.query(
      'SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS ids, SUM(value) AS sum FROM ads',
    );
    return { piped, rows };
  } finally {
    await stage.discard();
  }
}

const whole = [[count, count, (count * (count - 1)) / 2]];

describe('a pipe', () => {
  it.each(['lose-answer', 'lose-request'] as const)(
    'bears it when each call it makes has its first %s',
    async (act) => {
      let pieces = 0;
      const at = (number: number) => (request: SeenRequest) => {
        if (!isPiece(request) || request.body === '') return false;
        pieces += 1;
        return pieces >= number;
      };
      fixture.emulator.requestFaults.push(
        { match: isBegin, act },
        { match: at(1), act },
        { match: at(3), act },
        { match: at(5), act },
        { match: ({ path }) => path.includes('/jobs/catchment_pipe_'), act },
        { match: isMove, act },
        { match: isCommit, act },
      );
      const stream = streamOfRows();
      const { piped, rows } = await load(stream);
      expect(rows).toEqual(whole);
      expect(piped).toMatchObject({ read: count, quarantined: [] });
      expect(fixture.emulator.requestFaults).toHaveLength(0);
      for (const kind of ['pipe', 'move', 'commit']) expect(jobsOf(kind)).toHaveLength(1);
      expect(stream.opened).toBe(1);
    },
  );

  it('goes on where the upload stopped, and sends nothing that is there again', async () => {
    fixture.emulator.requestFaults.push({ match: isPiece, act: 'lose-answer' });
    expect((await load()).rows).toEqual(whole);
    const sent = fixture.emulator.requests.filter(isPiece).map(({ body }) => body.length);
    const questions = sent.filter((bytes) => bytes === 0);
    expect(questions).toHaveLength(1);
    const total =
      lines.join('').length + lines.reduce((sum, _, index) => sum + `${10 ** 12 + index},`.length, 0);
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
  });

  it('reads its stream anew when BigQuery has forgotten the upload', async () => {
    let pieces = 0;
    fixture.emulator.requestFaults.push({
      match: (request) => {
        if (!isPiece(request)) return false;
        pieces += 1;
        if (pieces < 3) return false;
        fixture.emulator.uploads.forget();
        return true;
      },
      act: { status: 503, reason: 'backendError' },
    });
    const stream = streamOfRows();
    expect((await load(stream)).rows).toEqual(whole);
    expect(stream.opened).toBe(2);
  });

  it.each(['backendError', 'jobRateLimitExceeded'])(
    'reads its stream anew, under a new job id, when the load job ends in %s',
    async (reason) => {
      fixture.emulator.jobFaults.push({
        match: ({ id }) => id.startsWith('catchment_pipe_'),
        reason,
        message: 'passing',
      });
      const stream = streamOfRows();
      expect((await load(stream)).rows).toEqual(whole);
      expect(stream.opened).toBe(2);
      const ids = jobsOf('pipe').map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
    },
  );

  it('tells when BigQuery cannot be reached in the middle of it, and leaves nothing', async () => {
    let pieces = 0;
    const match = (request: SeenRequest) => {
      if (isPiece(request)) pieces += 1;
      return pieces > 1;
    };
    for (let time = 0; time < 60; time += 1)
      fixture.emulator.requestFaults.push({ match, act: 'lose-request' });
    await expect(load()).rejects.toMatchObject({
      kind: 'retryable',
      code: 'warehouse',
      message: expect.stringMatching(
        /^BigQuery: loading rows for marts\.ads got no answer \(.+\); several attempts failed; run it again later$/,
      ),
    });
    fixture.emulator.requestFaults.length = 0;
    expect((await warehouse.query('SELECT COUNT(*) AS n FROM ads')).rows).toEqual([[0]]);
  });

  it('tells when its source breaks off, and leaves nothing', async () => {
    await expect(load(streamOfRows({ breakAfter: 400_000 }))).rejects.toMatchObject({
      kind: 'retryable',
      code: 'vendor',
      message:
        'loading rows for marts.ads: a stream of rows broke off (connection reset); nothing of it was loaded; run it again',
    });
    expect((await warehouse.query('SELECT COUNT(*) AS n FROM ads')).rows).toEqual([[0]]);
    const stages = fixture.emulator.catalog.names('marts').filter((name) => name.includes('stage'));
    expect(stages).toEqual([]);
  });

  it('waits for the next day when the load jobs of this one are used up', async () => {
    fixture.emulator.jobFaults.push({
      match: ({ id }) => id.startsWith('catchment_pipe_'),
      reason: 'quotaExceeded',
      message: 'Quota exceeded: load jobs per project',
    });
    await expect(load()).rejects.toMatchObject({
      kind: 'retryable',
      code: 'deferred',
      resumeAt: new Date('2026-11-12T08:00:00Z'),
    });
  });

  it('names the roles when they are taken away between staging and commit', async () => {
    fixture.emulator.requestFaults.push({ match: isCommit, act: { status: 403, reason: 'accessDenied' } });
    await expect(load()).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message: expect.stringContaining('the account needs roles/bigquery.dataEditor on the dataset'),
    });
    expect((await warehouse.query('SELECT COUNT(*) AS n FROM ads')).rows).toEqual([[0]]);
  });

  it('names the table when somebody drops it before the commit', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.prepare([target]);
    const stage = await warehouse.openStage(target, 'acc');
    await stage.pipe([streamOfRows()]);
    await fixture.emulator.catalog.remove('marts', 'ads');
    await expect(commitStage(warehouse, lease, stage)).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message: expect.stringContaining('ads'),
    });
    await stage.discard();
    expect((await warehouse.ledger.state(lease)).slices).toEqual([]);
  });
});
