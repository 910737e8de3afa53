import { isCatchmentError } from '../errors.ts';
import type { LogLag, LogTable } from '../extract.ts';
import { allTables } from '../extract.ts';
import type { CursorRecord, LaneState } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { ActiveRun } from './active-run.ts';
import { formatLogCursor, parseLogCursor } from './log-cursor.ts';
import type { Slice } from './slice.ts';

/** Where the stream of one group and the snapshots of its tables stand, as the ledger has it. */
export interface LogState {
  readonly targets: readonly TableTarget[];
  /** Committed position of the stream. */
  readonly position: string | undefined;
  /** What `extract` gets to go on from here. */
  slice(): Slice;
  positionOf(table: string): string | undefined;
  /** Declared names of the tables that hold rows, as far as known. */
  readonly held: ReadonlySet<string>;
  /** Says whether a table holds rows; in the ledger once the stream's next cursor is. */
  hold(table: string, isHeld: boolean): void;
  /** True when `held` is not in the ledger as it is. */
  readonly isHeldUnsaved: boolean;
  /**
   * The cursor of the stream (`allTables`) or of a table's snapshot.
   *
   * @param held tables that will hold rows then. @default those that do now
   */
  cursorAt(table: string, position: string, held?: ReadonlySet<string>): CursorRecord;
  /** To be called when that cursor is in the ledger. */
  committed(cursor: CursorRecord): void;
  newestLag: LogLag | undefined;
}

/** Cursors of a log belong to no account. */
export const logOrigin = '-';

/** An empty position is none: the table is read whole, the stream begins anew. */
const forgotten = '';

/**
 * Reads the positions of a log's tables. A table that left the stack file loses its position, since the stream goes on
 * without it and what it missed could not be told later; so do the tables that a person wants to be read again.
 */
export async function openLog(
  run: ActiveRun,
  state: LaneState,
  targets: readonly TableTarget[],
): Promise<LogState> {
  const { request, setup, lease } = run;
  const { pipeline, group, lane } = lease;
  const positions = new Map<string, string>();
  let held: ReadonlySet<string> = new Set();
  for (const { table, value } of state.cursors) {
    if (value === forgotten) continue;
    const { position, ...rest } = table === allTables ? parseLogCursor(value) : { position: value, held };
    positions.set(table, position);
    held = rest.held;
  }
  let savedHeld = held;

  const declared = new Set(
    request.pipeline.tables.filter(({ cursor }) => cursor.kind === 'log').map((table) => table.declared),
  );
  const others = new Set(request.pipeline.tables.map((table) => table.declared));
  const isLeft = (table: string) => table !== allTables && !declared.has(table) && !others.has(table);
  const again = request.resnapshot !== true ? [] : (request.tables ?? [...declared, allTables]);
  const cursorAt: LogState['cursorAt'] = (table, position, heldThen = held) => ({
    ...{ pipeline, group, lane, table, origin: logOrigin },
    value: table === allTables ? formatLogCursor({ position, held: heldThen }) : position,
    at: setup.now(),
  });
  // The stream's own position goes last: whatever the process dies of in between, the tables are read again.
  const toForget = [...positions.keys()].filter((table) => isLeft(table) || again.includes(table));
  for (const table of toForget.sort((a, b) => Number(a === allTables) - Number(b === allTables))) {
    await request.warehouse.ledger.saveCursor(lease, { ...cursorAt(table, forgotten), value: forgotten });
    positions.delete(table);
  }
  let isResnapshot = again.includes(allTables);

  return {
    targets,
    newestLag: undefined,
    get position() {
      return positions.get(allTables);
    },
    positionOf: (table) => positions.get(table),
    slice: () => ({
      id: `log/${positions.get(allTables) ?? 'begin'}`,
      table: allTables,
      origin: logOrigin,
      position: positions.get(allTables),
      tables: targets.map((target) => toLogTable(target, positions.get(target.declared))),
      isResnapshot,
    }),
    get held() {
      return held;
    },
    hold(table, isHeld) {
      if (held.has(table) !== isHeld) held = withTable(held, table, isHeld);
    },
    get isHeldUnsaved() {
      return held !== savedHeld;
    },
    cursorAt,
    committed({ table, value }) {
      if (table !== allTables) {
        positions.set(table, value);
        return;
      }
      const saved = parseLogCursor(value);
      positions.set(table, saved.position);
      held = saved.held;
      savedHeld = held;
      isResnapshot = false;
    },
  };
}

/** The same names with this one, or without it. */
export function withTable(names: ReadonlySet<string>, table: string, isIn: boolean): ReadonlySet<string> {
  const rest = [...names].filter((name) => name !== table);
  return new Set(isIn ? [...rest, table] : rest);
}

function toLogTable(target: TableTarget, position: string | undefined): LogTable<unknown> {
  const { declared: table, key, columns, options } = target;
  return { table, key, columns, options, position };
}

/** Errors after which the same reading may go on in a moment: the source was away, or somebody else was reading. */
export function isPassing(error: unknown): boolean {
  return isCatchmentError(error) && error.kind === 'retryable' && ['network', 'vendor'].includes(error.code);
}
