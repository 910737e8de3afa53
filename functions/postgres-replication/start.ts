import type { Client } from 'pg';
import { fatal } from '../core/errors.ts';
import type { ExtractContext } from '../core/extract.ts';
import type { ConnectOptions } from '../core/postgres/connect.ts';
import { connectPostgres } from '../core/postgres/connect.ts';
import type { StreamPosition } from './position.ts';
import { formatLsn, parseStreamPosition, parseTablePosition } from './position.ts';
import type { Ready, ReadyTable } from './preflight.ts';
import { createSlot, dropSlot, logLost, readSlot } from './slot.ts';
import type { source } from './source.ts';

export interface StartArgs {
  readonly context: ExtractContext<typeof source>;
  readonly client: Client;
  readonly connect: ConnectOptions;
  readonly ready: Ready;
}

/**
 * Where the stream begins: where the warehouse's data ends. Without a committed position it begins where the slot does,
 * whoever made it, since every table is then copied later than that.
 *
 * @throws fatal `log-lost` when the slot no longer has what comes after the committed position
 */
export async function startPosition({ context, client, connect, ready }: StartArgs): Promise<StreamPosition> {
  const { slice, settings, log } = context;
  const { where } = connect;
  const name = settings.slot;
  const system = await readSystem(connect);
  let { slot } = ready;
  if (slice.position === undefined) {
    if (slice.isResnapshot && slot !== undefined) {
      log.warn({ slot: name }, 'the slot is dropped, as ordered');
      await dropSlot(client, name, where);
      slot = undefined;
    }
    if (slot === undefined) {
      if (!settings.create && !slice.isResnapshot) throw noSlot(where, name);
      log.info({ slot: name }, 'the slot is created');
      await createSlot(client, name, where);
      slot = await readSlot(client, name);
      log.debug({ slot: name }, 'the slot is there');
    }
    if (slot?.lost !== undefined) throw logLost(where, lostWords(name, slot.lost));
    if (slot?.confirmed === undefined) throw logLost(where, `the slot "${name}" has no position`);
    return { lsn: slot.confirmed, system };
  }
  const position = parseStreamPosition(slice.position);
  if (position.system !== system)
    throw logLost(
      where,
      `the database is another one (${system}) than the one that was read before (${position.system})`,
    );
  if (slot === undefined)
    throw logLost(where, `the slot "${name}" is gone, and with it the log after ${formatLsn(position.lsn)}`);
  if (slot.lost !== undefined) throw logLost(where, lostWords(name, slot.lost));
  if (slot.confirmed === undefined || slot.confirmed > position.lsn)
    throw logLost(
      where,
      `the slot "${name}" begins at ${slot.confirmed === undefined ? 'nowhere' : formatLsn(slot.confirmed)}, but the warehouse's data ends at ${formatLsn(position.lsn)}: it was made anew, or somebody else reads it`,
    );
  return position;
}

/**
 * Tables as they are to be read: one that now comes `from` elsewhere, which a person wrote, is copied anew.
 *
 * @throws fatal `log-lost` when changes of a table were not in the log for a while
 */
export function checkTables(where: string, tables: readonly ReadyTable[]): ReadyTable[] {
  return tables.map((table) => {
    if (table.position === undefined) return table;
    const before = parseTablePosition(table.position);
    const { from } = table.options;
    if (before.from !== from) return { ...table, position: undefined };
    if (before.oid !== table.catalog.oid)
      throw logLost(where, `${from} was dropped and made anew since it was copied`, table.table);
    if (before.member !== table.member.member)
      throw logLost(
        where,
        `${from} was taken out of the publication and put back since it was copied`,
        table.table,
      );
    return table;
  });
}

function lostWords(name: string, reason: string): string {
  return `the server has thrown away the log that the slot "${name}" needs (${reason})`;
}

function noSlot(where: string, name: string) {
  return fatal('source-setup', {
    where,
    what: `there is no replication slot "${name}"`,
    todo: `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput'); or set create: true in the settings of the group`,
  });
}

async function readSystem(connect: ConnectOptions): Promise<string> {
  const session = await connectPostgres({ ...connect, isReplication: true });
  try {
    const { rows } = await session.query('IDENTIFY_SYSTEM');
    const [row] = rows as [{ systemid: string; dbname: string }];
    return `${row.systemid}/${row.dbname}`;
  } finally {
    await session.end().catch(() => undefined);
  }
}
