import type { Client } from 'pg';
import type { CatchmentError } from '../core/errors.ts';
import { fatal } from '../core/errors.ts';
import { postgresError } from '../core/postgres/error.ts';
import type { Lsn } from './position.ts';
import { parseLsn } from './position.ts';

/** A replication slot as the server sees it now. */
export interface Slot {
  readonly plugin: string;
  readonly database: string;
  readonly isActive: boolean;
  /** What it still has begins here. */
  readonly confirmed: Lsn | undefined;
  /** Why the log it needs is gone; undefined for a slot that is well. */
  readonly lost: string | undefined;
}

export async function readSlot(client: Client, name: string): Promise<Slot | undefined> {
  const { rows } = await client.query(
    'SELECT to_jsonb(s) AS slot FROM pg_replication_slots s WHERE slot_name = $1',
    [name],
  );
  const [row] = rows as [{ slot: Record<string, string | boolean | null> }?];
  if (row === undefined) return undefined;
  const { slot } = row;
  const reason = slot.invalidation_reason ?? (slot.wal_status === 'lost' ? 'wal_removed' : undefined);
  return {
    plugin: String(slot.plugin),
    database: String(slot.database),
    isActive: slot.active === true,
    confirmed: typeof slot.confirmed_flush_lsn === 'string' ? parseLsn(slot.confirmed_flush_lsn) : undefined,
    lost: reason === undefined || reason === null ? undefined : String(reason),
  };
}

export async function createSlot(client: Client, name: string, where: string): Promise<void> {
  try {
    await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  } catch (error) {
    throw postgresError(error, { where, what: `cannot create the slot "${name}"` });
  }
}

export async function dropSlot(client: Client, name: string, where: string): Promise<void> {
  try {
    await client.query('SELECT pg_drop_replication_slot($1)', [name]);
  } catch (error) {
    throw postgresError(error, { where, what: `cannot drop the slot "${name}"` });
  }
}

/** What a person sees when changes are lost that no later run could read: it is never mended in silence. */
export function logLost(where: string, what: string, table?: string): CatchmentError {
  const tables = table === undefined ? '' : ` --table ${table}`;
  return fatal('log-lost', {
    where,
    what,
    todo: `changes since the last run may be missing, so nothing was loaded; to read ${table === undefined ? 'all tables' : 'the table'} anew, run it with --resnapshot${tables}`,
  });
}

/**
 * A slot of the session, which ends with it, and a snapshot of the data at the very place where its stream would begin.
 * The snapshot can be taken by other sessions until this one runs anything else.
 */
export async function exportSnapshot(
  replication: Client,
  {
    name,
    serverVersion,
    where,
  }: { readonly name: string; readonly serverVersion: number; readonly where: string },
): Promise<{ readonly lsn: Lsn; readonly snapshot: string }> {
  const option = serverVersion >= 150_000 ? `(SNAPSHOT 'export')` : 'EXPORT_SNAPSHOT';
  try {
    const { rows } = await replication.query(
      `CREATE_REPLICATION_SLOT "${name}" TEMPORARY LOGICAL pgoutput ${option}`,
    );
    const [row] = rows as [{ consistent_point: string; snapshot_name: string }?];
    if (row === undefined) throw new Error('the server gave no snapshot');
    return { lsn: parseLsn(row.consistent_point), snapshot: row.snapshot_name };
  } catch (error) {
    throw postgresError(error, { where, what: 'cannot take a snapshot' });
  }
}
