import { createHash, randomUUID } from 'node:crypto';
import type { Lease } from '../../ledger/ledger.ts';

/** A name as SQL. */
export function ident(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A text as SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A table of a database, as SQL. */
export function tableRef(database: string, table: string): string {
  return `${ident(database)}.${ident(table)}`;
}

/** Names as a list. */
export function names(columns: readonly string[]): string {
  return columns.map(ident).join(', ');
}

type LaneKey = Pick<Lease, 'pipeline' | 'group' | 'lane'>;

/**
 * Tables in the staging database are `<kind>_<lane>_<fence>_<id>`: whoever takes a lane over drops those of older
 * fences, so that a holder that wakes up late finds nothing left to commit. `s` holds staged rows, `c` is a commit.
 */
export function stagingName(kind: 's' | 'c', lease: (LaneKey & Pick<Lease, 'fence'>) | undefined): string {
  const owner = lease === undefined ? 'none_0' : `${laneHash(lease)}_${lease.fence}`;
  return `${kind}_${owner}_${randomUUID().replaceAll('-', '')}`;
}

/** The same table in the hands of another fence. */
export function withFence(name: string, fence: number): string {
  const [kind, lane, , id] = name.split('_');
  return [kind, lane, fence, id].join('_');
}

/** Whether a table in the staging database was made under this very lease. */
export function isOf(lease: LaneKey & Pick<Lease, 'fence'>, name: string): boolean {
  const [, lane, fence] = name.split('_');
  return lane === laneHash(lease) && Number(fence) === lease.fence;
}

export function fenceOf(name: string): number {
  return Number(name.split('_')[2]);
}

export function laneHash({ pipeline, group, lane }: LaneKey): string {
  return createHash('sha256')
    .update(JSON.stringify([pipeline, group, lane]))
    .digest('hex')
    .slice(0, 16);
}
