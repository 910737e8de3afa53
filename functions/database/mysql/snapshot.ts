import type { Log } from '../../core/extract.ts';
import type { MysqlConnection, MysqlPlace } from './connect.ts';
import { beginSnapshot, connectMysql } from './connect.ts';
import type { Relation } from './relation.ts';

/** Longest wait for writers to pause. They wait for us meanwhile, so it is short. */
const lockSeconds = 3;

/**
 * Connections that see one and the same point in time. Several of them need writers to pause for a moment; where that is
 * not allowed, or somebody writes for longer, there is one connection.
 *
 * @param first without a transaction
 */
export async function openSnapshots(
  first: MysqlConnection,
  place: MysqlPlace,
  { sql, name, engine }: Relation,
  { count, log }: { readonly count: number; readonly log: Log },
): Promise<readonly MysqlConnection[]> {
  if (engine !== undefined && engine.toLowerCase() !== 'innodb')
    log.warn(
      { table: place.table, engine },
      'tables of this engine have no snapshot: writes during the read may show',
    );
  if (count < 2 || name === undefined) {
    await beginSnapshot(first);
    return [first];
  }
  const locker = await connectMysql(place);
  const others: MysqlConnection[] = [];
  try {
    for (let index = 1; index < count; index += 1) others.push(await connectMysql(place));
    await locker.run(`SET SESSION lock_wait_timeout = ${lockSeconds}`);
    await locker.run(`FLUSH TABLES ${sql} WITH READ LOCK`);
    for (const connection of [first, ...others]) await beginSnapshot(connection);
    return [first, ...others];
  } catch (error) {
    for (const connection of others) connection.close();
    log.info(
      { table: place.table, reason: (error as Error).message },
      'the table is read by one connection: a lock for several was not to be had',
    );
    await beginSnapshot(first);
    return [first];
  } finally {
    // The end of its connection lets the writers go on.
    locker.close();
  }
}
