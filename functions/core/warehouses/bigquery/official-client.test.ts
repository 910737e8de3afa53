import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import type { Emulator } from './sandbox/server.ts';
import { startEmulator } from './sandbox/server.ts';

/** As much of `@google-cloud/bigquery` as is called here; the package is a test engine, no dependency. */
interface Client {
  dataset(name: string): {
    createTable(name: string, options: unknown): Promise<unknown>;
    table(name: string): { load(path: string, options: unknown): Promise<[{ status: { state: string } }]> };
  };
  createJob(options: unknown): Promise<[ClientJob]>;
  createQueryJob(options: unknown): Promise<[ClientJob]>;
  query(options: unknown): Promise<[unknown[]]>;
  job(id: string, options: unknown): ClientJob;
}

interface ClientJob {
  promise(): Promise<unknown>;
  getMetadata(): Promise<[{ statistics: unknown }]>;
  getQueryResults(): Promise<[unknown[]]>;
}

const location = 'EU';

describe.skipIf(unavailable('bigqueryClient') !== undefined)('the official client, at the emulator', () => {
  let emulator: Emulator;
  let client: Client;
  let folder: string;

  beforeAll(async () => {
    const load = createRequire(join(import.meta.dirname, '../../../../tests/engines/package.json'));
    const { BigQuery } = load('@google-cloud/bigquery') as { BigQuery: new (options: unknown) => Client };
    const { OAuth2Client } = load('google-auth-library') as {
      OAuth2Client: new () => { setCredentials(credentials: unknown): void };
    };
    emulator = await startEmulator({ project: 'acme', location, datasets: ['marts'] });
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: 'token-1', expiry_date: Date.now() + 3_600_000 });
    client = new BigQuery({ projectId: 'acme', apiEndpoint: emulator.url, location, authClient });
    folder = await mkdtemp(join(tmpdir(), 'catchment-client-'));
    const fields = [
      { name: 'a', type: 'INTEGER' },
      { name: 'b', type: 'STRING' },
    ];
    await client.dataset('marts').createTable('t', { schema: { fields } });
    const path = join(folder, 'a.csv');
    await writeFile(path, 'a,b\n1,x\n2,"y\nz"\n');
    const options = {
      location,
      jobId: 'of_file',
      sourceFormat: 'CSV',
      skipLeadingRows: 1,
      allowQuotedNewlines: true,
    };
    const [job] = await client.dataset('marts').table('t').load(path, options);
    expect(job.status.state).toBe('DONE');
  });

  afterAll(async () => {
    await emulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('reads the rows of a file that it loaded by a multipart upload', async () => {
    const sent = emulator.requests.find(({ path }) => path.startsWith('/upload/'));
    expect(sent?.path).toBe('/upload/bigquery/v2/projects/acme/jobs');
    const query = 'SELECT a, b FROM `acme.marts.t` ORDER BY a';
    expect((await client.query({ query, location }))[0]).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y\nz' },
    ]);
    const named = { query: 'SELECT b FROM `acme.marts.t` WHERE a = @a', params: { a: 1 }, location };
    expect((await client.query(named))[0]).toEqual([{ b: 'x' }]);
  });

  it('makes a load job of an object once, and is told that it is there', async () => {
    emulator.objects.set('gs://bucket/x.csv', Buffer.from('3,z\n'));
    const destinationTable = { projectId: 'acme', datasetId: 'marts', tableId: 't' };
    const load = { sourceUris: ['gs://bucket/x.csv'], destinationTable, sourceFormat: 'CSV' };
    const request = { jobId: 'of_object', location, configuration: { load } };
    const [job] = await client.createJob(request);
    await job.promise();
    expect((await job.getMetadata())[0].statistics).toEqual({
      load: { outputRows: '1', inputFileBytes: '4' },
    });
    await expect(client.createJob(request)).rejects.toMatchObject({
      code: 409,
      message: 'Already Exists: Job acme:EU.of_object',
    });
  });

  it('waits for a query job, and for a failed one gets its error', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT 1 AS n', location, jobId: 'asked' });
    expect((await job.getQueryResults())[0]).toEqual([{ n: 1 }]);
    const [bad] = await client.createQueryJob({ query: 'SELECT * FROM `acme.marts.none`', location });
    await expect(bad.getQueryResults()).rejects.toThrow(/none/);
  });

  it('does not find a job of another location', async () => {
    await expect(client.job('of_file', { location: 'US' }).getMetadata()).rejects.toMatchObject({
      code: 404,
      message: 'Not found: Job US.of_file',
    });
  });
});
