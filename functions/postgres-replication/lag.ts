import type { Client } from 'pg';
import type { LogLag } from '../core/extract.ts';
import type { Lsn, StreamPosition } from './position.ts';
import { parseLsn } from './position.ts';

/** The end of the source's log, and its clock: ours may be wrong by minutes. */
interface LogEnd {
  readonly lsn: Lsn;
  readonly ms: number;
}

/** The server is asked at most so often. */
const askEveryMs = 1_000;

export function createLagMeter(client: Client) {
  let known: (LogEnd & { readonly askedAt: number }) | undefined;
  const end = async (): Promise<LogEnd & { readonly askedAt: number }> => {
    const { rows } = await client.query(
      `SELECT pg_current_wal_flush_lsn()::text AS lsn, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`,
    );
    const [row] = rows as [{ lsn: string; ms: number }];
    known = { lsn: parseLsn(row.lsn), ms: row.ms, askedAt: performance.now() };
    return known;
  };
  return {
    end,
    /** A position that nothing published comes after is not late, however old it is. */
    async lag(at: {
      readonly position: StreamPosition;
      readonly reached: Lsn;
      readonly at: Date | undefined;
    }): Promise<LogLag> {
      const latest =
        known === undefined || performance.now() - known.askedAt > askEveryMs ? await end() : known;
      const behind = latest.lsn - at.reached;
      if (behind <= 0n) return { bytes: 0, seconds: 0 };
      const now = latest.ms + performance.now() - latest.askedAt;
      const seconds = at.at === undefined ? 0 : Math.max(0, (now - at.at.getTime()) / 1000);
      return { bytes: Number(behind), seconds: Math.round(seconds * 1000) / 1000 };
    },
  };
}
