import { fatal } from '../core/errors.ts';

/** A place in PostgreSQL's log, in bytes since its beginning. */
export type Lsn = bigint;

export function parseLsn(text: string): Lsn {
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (high === undefined || low === undefined)
    throw fatal('internal', { what: 'is no place in a log', got: text, allowed: 'such as 0/16B3748' });
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function formatLsn(lsn: Lsn): string {
  const hex = (part: bigint) => part.toString(16).toUpperCase();
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffffffffn)}`;
}

/**
 * Where the stream goes on. A transaction too large for one batch is committed in parts: then `skip` changes of the
 * transaction that commits at `within` are in the warehouse already. The log gives them in the same order each time.
 */
export interface StreamPosition {
  readonly lsn: Lsn;
  readonly part?: { readonly skip: number; readonly within: Lsn } | undefined;
  /** The cluster's own id and the database: places in another one's log mean nothing here. */
  readonly system: string;
}

/** As `0/16B3748 7430012345678901234/shop`, or `0/16B3748+25000@0/17C0000 7430…` inside a transaction. */
export function formatStreamPosition({ lsn, part, system }: StreamPosition): string {
  const within = part === undefined ? '' : `+${part.skip}@${formatLsn(part.within)}`;
  return `${formatLsn(lsn)}${within} ${system}`;
}

export function parseStreamPosition(text: string): StreamPosition {
  const [, lsn = '', skip, within = '', system = ''] = /^([^+ ]+)(?:\+(\d+)@(\S+))? (.+)$/s.exec(text) ?? [];
  return {
    lsn: parseLsn(lsn),
    part: skip === undefined ? undefined : { skip: Number(skip), within: parseLsn(within) },
    system,
  };
}

/** Where a table's snapshot was taken, and of what: a table that was made anew is another one. */
export interface TablePosition {
  readonly lsn: Lsn;
  /** OID of the table. */
  readonly oid: number;
  /** OID of what put it into the publication; it changes when the table was taken out and put back. */
  readonly member: number;
  /** `schema.table` */
  readonly from: string;
}

/** As `0/16B3748 16390/16412 public.orders`. */
export function formatTablePosition({ lsn, oid, member, from }: TablePosition): string {
  return `${formatLsn(lsn)} ${oid}/${member} ${from}`;
}

export function parseTablePosition(text: string): TablePosition {
  const [, lsn = '', oid, member, from = ''] = /^(\S+) (\d+)\/(\d+) (.+)$/s.exec(text) ?? [];
  return { lsn: parseLsn(lsn), oid: Number(oid), member: Number(member), from };
}
