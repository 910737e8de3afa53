import { Agent, get } from 'node:http';
import { DuckDBInstance } from '@duckdb/node-api';
import { credentials } from '../../functions/tiktok-marketing/sandbox/oauth.ts';
import { measure } from '../child.ts';
import { createReport, insertReport } from './report-sql.ts';

export interface ApiLoad {
  /** With a trailing slash. */
  readonly baseUrl: string;
  /** A DuckDB file that does not exist yet. */
  readonly path: string;
  readonly advertiserIds: readonly string[];
}

/** What a person would write to have these pages in DuckDB once, without a thought for what may go wrong. */
await measure<ApiLoad>(async ({ baseUrl, path }) => {
  const agent = new Agent({ keepAlive: true });
  const fetchText = (url: string) =>
    new Promise<string>((resolve, reject) => {
      get(url, { agent, headers: { 'access-token': credentials.access_token } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      }).on('error', reject);
    });

  const { origin } = new URL(baseUrl);
  const paths = JSON.parse(await fetchText(`${origin}/recorded`)) as string[];
  const instance = await DuckDBInstance.create(path, { memory_limit: '512MB' });
  const connection = await instance.connect();
  await connection.run('BEGIN TRANSACTION');
  await connection.run(createReport);
  const insert = await connection.prepare(insertReport);
  for (const path of paths) {
    const page = await fetchText(`${origin}${path}`);
    const { code } = JSON.parse(page) as { code: number };
    if (code !== 0) throw new Error(`${path} was answered with code ${code}`);
    if (!path.includes('/report/')) continue;
    insert.bindVarchar(1, page);
    await insert.run();
  }
  await connection.run('COMMIT');
  agent.destroy();
  connection.closeSync();
  instance.closeSync();
});
