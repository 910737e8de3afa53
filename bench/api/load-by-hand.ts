import { Agent, get } from 'node:http';
import { credentials } from '../../functions/tiktok-marketing/sandbox/oauth.ts';
import { measure } from '../child.ts';
import { openByHand } from '../duckdb.ts';
import { createReport, insertReport } from './report-sql.ts';

export interface ApiLoad {
  /** With a trailing slash. */
  readonly baseUrl: string;
  /** A DuckDB file that does not exist yet. */
  readonly path: string;
  readonly advertiserIds: readonly string[];
}

const agent = new Agent({ keepAlive: true });

/** What a person would write to have these pages in DuckDB once, without a thought for what may go wrong. */
await measure<ApiLoad>(async ({ baseUrl, path }) => {
  const { connection, close } = await openByHand(path);
  return async () => {
    const { origin } = new URL(baseUrl);
    const pages = JSON.parse(await fetchText(`${origin}/recorded`)) as string[];
    await connection.run('BEGIN TRANSACTION');
    await connection.run(createReport);
    const insert = await connection.prepare(insertReport);
    for (const url of pages) {
      const page = await fetchText(`${origin}${url}`);
      const { code } = JSON.parse(page) as { code: number };
      if (code !== 0) throw new Error(`${url} was answered with code ${code}`);
      if (!url.includes('/report/')) continue;
      insert.bindVarchar(1, page);
      await insert.run();
    }
    await connection.run('COMMIT');
    close();
    agent.destroy();
  };
});

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'access-token': credentials.access_token } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}
