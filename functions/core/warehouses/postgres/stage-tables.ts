import { randomInt } from 'node:crypto';
import type { Database, Sql } from './database.ts';
import { schemaExists } from './ledger-tables.ts';

/** Schema of the stages, apart from what people read. */
export const stageSchema = 'catchment_stage';

/** First number of the advisory locks that owners of stages hold; the second is the owner. */
const ownerLock = 816_337;

/**
 * Makes the tables of stages: UNLOGGED, which costs half the writing. A stage must be seen by whichever connection
 * commits it, so it is no TEMP table; instead its name holds a number that this process keeps locked while it lives. What
 * was left by processes whose lock is gone is dropped.
 */
export interface StageTables {
  /** A name for a table of this process: `catchment_stage.s<owner>_<n>`. Its owner is alive from then on. */
  nextName(): Promise<string>;
  close(): Promise<void>;
}

export function createStageTables(database: Database): StageTables {
  let owner: Promise<{ readonly sql: Sql; readonly number: number }> | undefined;
  let made = 0;

  const live = async () => {
    // Its lock is gone with its connection, and so are the stages, which were UNLOGGED.
    if ((await owner?.catch(() => undefined))?.sql.isLost) owner = undefined;
    owner ??= becomeOwner(database);
    owner.catch(() => {
      owner = undefined;
    });
    return owner;
  };

  return {
    async nextName() {
      const { number } = await live();
      made += 1;
      return `${stageSchema}.s${number}_${made}`;
    },
    async close() {
      const known = await owner?.catch(() => undefined);
      owner = undefined;
      if (known !== undefined) await database.giveBack(known.sql, true);
    },
  };
}

async function becomeOwner(database: Database) {
  const sql = await database.connect();
  try {
    const number = randomInt(1, 2 ** 31 - 1);
    await sql.run('SELECT pg_advisory_lock($1, $2)', [ownerLock, number]);
    await createSchema(database);
    await dropLeftovers(sql, number);
    return { sql, number };
  } catch (error) {
    await database.giveBack(sql, true);
    throw database.explain(error);
  }
}

async function createSchema(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    if (await schemaExists(sql, stageSchema)) return;
    await sql.run('SELECT pg_advisory_xact_lock($1, 0)', [ownerLock]);
    await sql.run(`CREATE SCHEMA IF NOT EXISTS ${stageSchema}`);
  });
}

/** Tables whose owner holds its lock no more. Those of another user stay: it drops them itself. */
async function dropLeftovers(sql: Sql, own: number): Promise<void> {
  const tables = await sql.rows(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 AND pg_has_role(tableowner, 'USAGE')`,
    [stageSchema],
  );
  const byOwner = Map.groupBy(tables, ({ name }) => /^s(\d+)_\d+$/.exec(String(name))?.[1]);
  for (const [owner, names] of byOwner) {
    if (owner === undefined || Number(owner) === own) continue;
    const [got] = await sql.rows('SELECT pg_try_advisory_lock($1, $2) AS free', [ownerLock, owner]);
    if (got?.free !== true) continue;
    for (const { name } of names) await sql.run(`DROP TABLE IF EXISTS ${stageSchema}.${String(name)}`);
    await sql.run('SELECT pg_advisory_unlock($1, $2)', [ownerLock, owner]);
  }
}
