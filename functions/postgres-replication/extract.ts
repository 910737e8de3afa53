import type { Client } from 'pg';
import type { Batch, ExtractContext, ExtractOf } from '../core/extract.ts';
import { allTables } from '../core/extract.ts';
import type { InspectOf } from '../core/inspect.ts';
import type { ConnectOptions } from '../core/postgres/connect.ts';
import { connectPostgres } from '../core/postgres/connect.ts';
import { codeOf, isGone, postgresError } from '../core/postgres/error.ts';
import { leavesOf, readTypes, rootOf } from './catalog.ts';
import { createLagMeter } from './lag.ts';
import type { StreamPosition } from './position.ts';
import { formatStreamPosition, formatTablePosition, parseStreamPosition } from './position.ts';
import type { Ready, ReadyTable } from './preflight.ts';
import { preflight } from './preflight.ts';
import { exportSnapshot } from './slot.ts';
import { copySnapshot } from './snapshot.ts';
import type { source } from './source.ts';
import { checkTables, startPosition } from './start.ts';
import { openSlotStream } from './stream.ts';
import { createTransactions } from './transactions.ts';

type Context = ExtractContext<typeof source>;

/** Longest time without a position, in which the run could not commit, stop, or renew its lease. */
const idleMs = 200;
/** Longest wait for the server's word that it knows what is committed, at the end. */
const lastAnswerMs = 2_000;

/** Tables that are not loaded yet as they are, then the changes of all tables from the very same place in the log. */
export const extract: ExtractOf<typeof source> = async function* (context) {
  const { settings, slice, secret } = context;
  const where = `${settings.host}:${settings.port}/${settings.database}`;
  const connect: ConnectOptions = { where, address: settings, login: secret };
  const client = await connectPostgres(connect);
  try {
    const ready = await preflight({ client, where, settings, tables: slice.tables });
    const start = await startPosition({ context, client, connect, ready });
    yield { table: allTables, position: formatStreamPosition(start) };
    const loaded: ReadyTable[] = [];
    for await (const step of loadMissing(context, connect, ready)) {
      if ('loaded' in step) loaded.push(step.loaded);
      else yield step;
    }
    yield* follow(context, { client, connect, ready: { ...ready, tables: loaded }, start });
  } catch (error) {
    // A slip of ours is not the server's.
    if (codeOf(error) === undefined && !isGone(error)) throw error;
    throw postgresError(error, { where, what: 'the source cannot be read' });
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** For `catchment peek` and `catchment schema infer`. */
export const inspect: InspectOf<typeof source> = {
  tables: async (context) => (await import('./inspect.ts')).listTables(context),
  describe: async (context) => (await import('./inspect.ts')).describeTable(context),
};

/** Snapshots of tables that have no position; ends with all tables, each with its position. */
async function* loadMissing(
  { log, slice, settings }: Context,
  connect: ConnectOptions,
  ready: Ready,
): AsyncGenerator<Batch | { readonly loaded: ReadyTable }, void, undefined> {
  const tables = checkTables(connect.where, ready.tables);
  const missing = tables.filter(({ position }) => position === undefined);
  for (const table of tables) if (table.position !== undefined) yield { loaded: table };
  if (missing.length === 0) return;
  // The snapshot lives as long as this session runs nothing else, and dies with it: so does its slot.
  const holder = await connectPostgres({ ...connect, isReplication: true });
  try {
    const { lsn, snapshot } = await exportSnapshot(holder, {
      name: `${settings.slot}_snapshot`,
      serverVersion: ready.serverVersion,
      where: connect.where,
    });
    for (const table of missing) {
      const { catalog, member, columns, options } = table;
      const { from } = options;
      log.info({ table: table.table, from, tables: slice.tables.length }, 'the table is copied whole');
      yield {
        table: table.table,
        bytes: [copySnapshot({ connect, snapshot, from, table: catalog, columns })],
      };
      const position = formatTablePosition({ lsn, oid: catalog.oid, member: member.member, from });
      yield { table: table.table, position };
      yield { loaded: { ...table, position } };
    }
  } finally {
    await holder.end().catch(() => undefined);
  }
}

async function* follow(
  { settings, committed, log }: Context,
  {
    client,
    connect,
    ready,
    start,
  }: {
    readonly client: Client;
    readonly connect: ConnectOptions;
    readonly ready: Ready;
    readonly start: StreamPosition;
  },
): AsyncGenerator<Batch, void, undefined> {
  const { where } = connect;
  const meter = createLagMeter(client);
  const target = (await meter.end()).lsn;
  const stream = openSlotStream({
    client: await connectPostgres({ ...connect, isReplication: true }),
    where,
    slot: settings.slot,
    publication: settings.publication,
    from: start.lsn,
    serverVersion: ready.serverVersion,
  });
  const transactions = createTransactions({
    where,
    tables: ready.tables,
    isSoft: settings.deletes === 'soft',
    position: start,
    log,
    lookup: {
      root: (oid) => rootOf(client, oid),
      leaves: (oid) => leavesOf(client, oid),
      types: (oids) => readTypes(client, oids),
    },
  });
  const report = (wantsAnswer: boolean) => {
    const position = committed?.();
    if (position !== undefined) stream.report(parseStreamPosition(position).lsn, { wantsAnswer });
  };
  const mark = async (isCurrent: boolean): Promise<Extract<Batch, { position: string }>> => {
    const { at } = transactions;
    return {
      table: allTables,
      position: formatStreamPosition(transactions.position),
      lag: await meter.lag(transactions),
      isCurrent,
      ...(at === undefined ? {} : { at }),
    };
  };
  let movedAt = performance.now();
  let told: string | undefined;
  try {
    for (;;) {
      const received = await stream.read(idleMs);
      for await (const _ of transactions.take(received)) {
        yield* transactions.drain();
        yield await mark(false);
      }
      yield* transactions.drain();
      const isCurrent = transactions.reached >= target;
      const isLast = isCurrent && !settings.stay;
      // The log moves on without us while other databases write: the server may forget that too, but not every moment.
      if (isLast || performance.now() - movedAt >= settings.heartbeat * 1000) {
        transactions.moveOn();
        movedAt = performance.now();
      }
      yield { ...(await mark(isCurrent)), isLast };
      const isMoved = committed?.() !== told;
      told = committed?.();
      if (isLast) break;
      if (isMoved || received.length === 0) report(!isCurrent);
    }
    report(true);
    const deadline = performance.now() + lastAnswerMs;
    while (performance.now() < deadline) {
      const answer = await stream.read(idleMs);
      if (answer.some((each) => !Buffer.isBuffer(each))) break;
    }
  } finally {
    report(false);
    await stream.close();
  }
}
