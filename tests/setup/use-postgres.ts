import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { PostgresServer } from './postgres.ts';
import { startPostgres } from './postgres.ts';
import { unavailable } from './unavailable.ts';

/**
 * A PostgreSQL server for the tests of one file; call it at the top of the file. Where PostgreSQL cannot be had, the tests
 * are skipped with the reason.
 *
 * @returns gives the server, from the first test on
 */
export function usePostgres(settings: Readonly<Record<string, string>> = {}): () => PostgresServer {
  const why = unavailable('postgres');
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    if (why === undefined) server = await startPostgres(settings);
  });
  beforeEach((context) => {
    if (why !== undefined) context.skip(why);
  });
  afterAll(() => server?.stop());
  return () => {
    if (server === undefined) throw new Error('the server is asked for outside of a test');
    return server;
  };
}
