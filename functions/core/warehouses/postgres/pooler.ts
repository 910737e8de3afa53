import { fatal } from '../../errors.ts';
import type { Database, Sql } from './database.ts';

/** Rounds in which two connections ask for their session: a pooler may hand its sessions out in turn. */
const rounds = 3;

/**
 * Refuses a pooler that gives each transaction any session: settings and locks of a session would be another's. Where
 * nothing stands between, this is one small question. Else two connections that are open at once must each keep a session
 * of its own.
 *
 * @throws fatal `warehouse`, with the setting of PgBouncer
 */
export async function refuseSharedSessions(
  first: Sql,
  connect: Database['connect'],
  giveBack: Database['giveBack'],
  { name, place }: { readonly name: string; readonly place: string },
): Promise<void> {
  const [server] = await first.rows('SELECT inet_client_port() AS port');
  if ((server?.port ?? undefined) === localPortOf(first)) return;
  const second = await connect();
  try {
    const sessions = new Set<unknown>();
    for (let round = 0; round < rounds; round += 1) {
      for (const sql of [first, second]) {
        const [session] = await sql.rows('SELECT pg_backend_pid() AS pid');
        sessions.add(session?.pid);
      }
      if (sessions.size !== 2) throw sharedSessions(name, place);
    }
  } finally {
    await giveBack(second);
  }
}

function sharedSessions(name: string, place: string) {
  return fatal('warehouse', {
    where: name,
    what: `a connection pooler at ${place} gives its sessions to several connections, as PgBouncer does by transaction or statement`,
    got: 'one session for two connections',
    allowed: 'pool_mode = session',
    todo: 'set that for this database or user in the pooler, or name the host and port of the server itself',
  });
}

/** As the server would see it if nothing stood between; undefined for a socket file. */
function localPortOf({ client }: Sql): number | undefined {
  const { connection } = client as unknown as {
    readonly connection: { readonly stream: { readonly localPort?: number } };
  };
  return connection.stream.localPort;
}
