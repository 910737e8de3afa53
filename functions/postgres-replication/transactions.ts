import type { Batch, Log } from '../core/extract.ts';
import type { SourceType } from './cells.ts';
import type { Message, Relation } from './pgoutput.ts';
import { decode } from './pgoutput.ts';
import type { Lsn, StreamPosition } from './position.ts';
import { formatLsn, parseTablePosition } from './position.ts';
import type { ReadyTable } from './preflight.ts';
import { logLost } from './slot.ts';
import type { Received } from './stream.ts';
import type { Translator } from './translate.ts';
import { createTranslator } from './translate.ts';

/** What the catalog says of relations that the log names. */
export interface Lookup {
  /** The table at the top of a partition; itself if it is none; undefined when it exists no more. */
  root(oid: number): Promise<number | undefined>;
  leaves(oid: number): Promise<readonly number[]>;
  /** By the OIDs that were asked for. */
  types(oids: readonly number[]): Promise<ReadonlyMap<number, SourceType>>;
}

export interface TransactionsArgs {
  readonly where: string;
  readonly tables: readonly ReadyTable[];
  readonly isSoft: boolean;
  readonly position: StreamPosition;
  readonly lookup: Lookup;
  readonly log: Log;
}

/** Turns what a slot sends into batches of changes and the positions between them. */
export interface Transactions {
  /** Stops whenever there are changes for a commit, to be drained before it goes on. */
  take(received: readonly Received[]): AsyncGenerator<void, void, undefined>;
  /** Changes up to `position` that were not drained yet. */
  drain(): Batch[];
  /** Where reading would begin again once all that was drained is committed. */
  readonly position: StreamPosition;
  /** The source's time of the transaction that ended, or goes on, there; undefined before the first one. */
  readonly at: Date | undefined;
  /** How far the server has read its log, when nothing of a transaction is open here. */
  readonly reached: Lsn;
  /** Makes `reached` the position, which a transaction does by itself. */
  moveOn(): void;
}

/** A transaction is committed in parts of so many changes, which bounds the memory that it takes. */
const partChanges = 10_000;

interface Open {
  readonly commitLsn: Lsn;
  readonly at: Date;
  /** Changes so far, of all tables: the log gives them in the same order each time. */
  changes: number;
  /** Changes that are in the warehouse already. */
  readonly skip: number;
}

type ChangeBatch = Extract<Batch, { changes: unknown }> & {
  changes: Extract<Batch, { changes: unknown }>['changes'][number][];
};

export function createTransactions(args: TransactionsArgs): Transactions {
  const { tables, lookup } = args;
  const { system } = args.position;
  const startOf = new Map(
    tables.map(({ table, position = '' }) => [table, parseTablePosition(position).lsn]),
  );
  const translators = new Map<number, Translator | undefined>();
  const roots = new Map<number, number | undefined>();
  const types = new Map<number, SourceType>();
  let position = args.position;
  let reached = position.lsn;
  let at: Date | undefined;
  let open: Open | undefined;
  let inPart = 0;
  let inDone = 0;
  let current: ChangeBatch[] = [];
  let done: ChangeBatch[] = [];

  const learn = async (relation: Relation) => {
    const { oid } = relation;
    if (!roots.has(oid))
      roots.set(oid, tables.some(({ catalog }) => catalog.oid === oid) ? oid : await lookup.root(oid));
    const table = tables.find(({ catalog }) => catalog.oid === roots.get(oid));
    if (table === undefined) {
      translators.set(oid, undefined);
      return;
    }
    const unknown = relation.columns.map(({ type }) => type).filter((type) => !types.has(type));
    if (unknown.length > 0) for (const [oid, type] of await lookup.types(unknown)) types.set(oid, type);
    translators.set(oid, createTranslator(table, relation, types, args.isSoft));
  };

  const batchOf = (table: string, isTruncate: boolean): ChangeBatch => {
    const last = current.findLast((batch) => batch.table === table);
    if (last !== undefined && !isTruncate) return last;
    const batch = { table, changes: [], ...(isTruncate ? { truncate: true } : {}) };
    current.push(batch);
    return batch;
  };

  /** True when this change is in the warehouse already: as part of its transaction, or in the table's snapshot. */
  const isKnown = ({ commitLsn, changes, skip }: Open, table: string) =>
    changes <= skip || commitLsn < (startOf.get(table) ?? 0n);

  const endCurrent = () => {
    done.push(...current);
    inDone += inPart;
    current = [];
    inPart = 0;
  };

  const endPart = (transaction: Open) => {
    endCurrent();
    position = {
      lsn: position.lsn,
      system,
      part: { skip: transaction.changes, within: transaction.commitLsn },
    };
  };

  const truncate = async (transaction: Open, oids: readonly number[]) => {
    for (const { table, catalog, options } of tables) {
      const isHit = oids.includes(catalog.oid);
      if (!isHit && catalog.kind !== 'p') continue;
      const leaves = isHit ? [] : await lookup.leaves(catalog.oid);
      const hit = leaves.filter((leaf) => oids.includes(leaf));
      if ((!isHit && hit.length === 0) || isKnown(transaction, table)) continue;
      if (!isHit && hit.length < leaves.length)
        throw logLost(
          args.where,
          `a partition of ${options.from} was truncated, and the log does not say which rows that were`,
          table,
        );
      batchOf(table, true);
    }
  };

  const change = async (message: Extract<Message, { kind: 'insert' | 'update' | 'delete' | 'truncate' }>) => {
    if (open === undefined) return;
    open.changes += 1;
    if (message.kind === 'truncate') await truncate(open, message.oids);
    else {
      const translator = translators.get(message.oid);
      if (translator === undefined || isKnown(open, translator.table.table)) return;
      const { changes } = batchOf(translator.table.table, false);
      if (message.kind === 'insert') changes.push(translator.insert(message.tuple));
      else if (message.kind === 'update') changes.push(translator.update(message.old, message.tuple));
      else changes.push(translator.remove(message.old, open.at));
    }
    inPart += 1;
    if (inPart >= partChanges) endPart(open);
  };

  const begin = (message: Extract<Message, { kind: 'begin' }>) => {
    const { part } = position;
    if (part !== undefined && message.commitLsn > part.within)
      throw logLost(
        args.where,
        `the transaction that ends at ${formatLsn(part.within)} was loaded in part, and its rest is no longer in the log`,
      );
    const skip = part?.within === message.commitLsn ? part.skip : 0;
    open = { commitLsn: message.commitLsn, at: message.at, changes: 0, skip };
    inPart = 0;
  };

  return {
    async *take(received) {
      for (const each of received) {
        if (inDone >= partChanges) yield;
        const message = Buffer.isBuffer(each) ? decode(each) : each;
        switch (message.kind) {
          case 'begin':
            begin(message);
            break;
          case 'commit':
            endCurrent();
            open = undefined;
            position = { lsn: message.endLsn, system };
            at = message.at;
            if (message.endLsn > reached) reached = message.endLsn;
            break;
          case 'relation':
            await learn(message.relation);
            break;
          case 'keepalive':
            if (open === undefined && message.lsn > reached) reached = message.lsn;
            break;
          case 'insert':
          case 'update':
          case 'delete':
          case 'truncate':
            await change(message);
            break;
          default:
        }
      }
    },
    drain() {
      const drained = done;
      done = [];
      inDone = 0;
      return drained;
    },
    moveOn() {
      if (open === undefined && position.part === undefined && reached > position.lsn)
        position = { lsn: reached, system };
    },
    get position() {
      return position;
    },
    get at() {
      return open?.at ?? at;
    },
    get reached() {
      return open === undefined && position.part === undefined ? reached : position.lsn;
    },
  };
}
