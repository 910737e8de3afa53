import { fatal, retryable } from '../errors.ts';
import type { Batch, ExtractContext, SourceCode } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { QueryOffer } from '../query-offer.ts';
import type { Drift, Quarantined } from '../rows/check.ts';
import { createRowChecker } from '../rows/check.ts';
import type { AnySource } from '../source.ts';
import type { LoadedFiles, Stage, Warehouse } from '../warehouses/warehouse.ts';
import type { OnRunEvent } from './event.ts';
import type { Scratch } from './scratch.ts';
import type { Slice } from './slice.ts';

/** One slice, read to its end, checked and staged; nothing of it is visible yet. */
export interface SliceRead {
  readonly tables: readonly TableRead[];
}

export interface TableRead {
  readonly target: TableTarget;
  readonly stage: Stage;
  readonly rowsRead: number;
  /** Sum of the totals that the vendor announced; undefined when it announced none. */
  readonly announced: number | undefined;
  /** Bytes of files that the warehouse read itself. */
  readonly bytes: number;
  /** Rows that broke the schema: read, but not staged. */
  readonly rejected: number;
  /** The rejected rows in detail; of a file with very many, only the first ones. */
  readonly quarantined: readonly Quarantined[];
  readonly drift: readonly Drift[];
}

export interface ReadRequest {
  readonly where: string;
  readonly slice: Slice;
  readonly targets: readonly TableTarget[];
  readonly code: SourceCode;
  readonly context: Omit<ExtractContext<AnySource>, 'slice' | 'columns' | 'accepts' | 'scratch'>;
  readonly warehouse: Warehouse;
  /** Kept until the slice is committed: a stage may read a file only then. */
  readonly scratch: Scratch;
  readonly onEvent: OnRunEvent;
  /** Called between batches: renews the lease, or throws to stop. */
  readonly onBatch: () => Promise<void>;
}

/**
 * Reads and stages one slice. On any error the stages are discarded.
 *
 * @throws what `extract` throws; retryable `vendor` when rows are missing; fatal `bad-row` when every row breaks the schema
 */
export async function readSlice(request: ReadRequest): Promise<SliceRead> {
  const readers = new Map<string, TableReader>();
  try {
    // The slice's own table is staged even when nothing comes: an empty window replaces what it held.
    await readerOf(request, readers, request.slice.table);
    const context: ExtractContext<AnySource> = {
      ...request.context,
      slice: request.slice as ExtractContext<AnySource>['slice'],
      columns: targetOf(request, request.slice.table).columns,
      accepts: request.warehouse.accepts,
      scratch: request.scratch.folder,
    };
    for await (const batch of request.code.extract(context)) {
      const { table } = batch;
      const reader = await readerOf(request, readers, table);
      const staged = async (rows: number) => {
        await request.onEvent({ type: 'rows-staged', slice: request.slice, table, rows });
        await request.onBatch();
      };
      if (!('query' in batch)) {
        await staged(await reader.take(batch));
        continue;
      }
      const asked = await reader.ask(batch.query);
      if (asked !== undefined) await staged(asked);
      else for await (const page of batch.query.pages()) await staged(await reader.take({ table, ...page }));
    }
    const tables = [...readers.values()].map((reader) => reader.result());
    for (const table of tables) checkComplete(request, table);
    return { tables };
  } catch (error) {
    for (const reader of readers.values()) await reader.result().stage.discard();
    throw error;
  }
}

export interface TableReader {
  take(batch: Batch): Promise<number>;
  /** @returns rows taken; undefined when the warehouse takes the query's pages instead */
  ask(offer: QueryOffer): Promise<number | undefined>;
  result(): TableRead;
}

async function readerOf(
  request: ReadRequest,
  readers: Map<string, TableReader>,
  name: string,
): Promise<TableReader> {
  const known = readers.get(name);
  if (known !== undefined) return known;
  const reader = await openReader(request, targetOf(request, name));
  readers.set(name, reader);
  return reader;
}

function targetOf({ where, targets }: ReadRequest, name: string): TableTarget {
  const target = targets.find((candidate) => candidate.declared === name);
  if (target !== undefined) return target;
  throw fatal('internal', {
    where,
    what: 'extract yielded a table that is not part of this run',
    got: name,
    allowed: targets.map((candidate) => candidate.declared),
  });
}

export async function openReader(
  { slice, warehouse, onEvent }: Pick<ReadRequest, 'slice' | 'warehouse' | 'onEvent'>,
  target: TableTarget,
): Promise<TableReader> {
  const stage = await warehouse.openStage(target, slice.origin);
  const checker = createRowChecker(target.columns, { origin: slice.origin });
  const quarantined: Quarantined[] = [];
  const fileDrift: Drift[] = [];
  let rowsRead = 0;
  let bytes = 0;
  let announced: number | undefined;

  const note = async (loaded: LoadedFiles): Promise<number> => {
    rowsRead += loaded.read;
    if (loaded.announced !== undefined) announced = (announced ?? 0) + loaded.announced;
    bytes += loaded.bytes;
    quarantined.push(...loaded.quarantined);
    fileDrift.push(...loaded.drift);
    await onEvent({ type: 'page-read', slice, table: target.declared, rows: loaded.read });
    return loaded.read;
  };

  return {
    async ask(offer) {
      const loaded = await stage.ask?.(offer);
      return loaded === undefined ? undefined : note(loaded);
    },
    async take(batch) {
      if ('changes' in batch || 'position' in batch || 'query' in batch)
        throw fatal('internal', { what: 'a slice yielded what its table cannot take', got: slice.id });
      if ('files' in batch) return note(await stage.load(batch.files));
      if ('bytes' in batch) return note(await stage.pipe(batch.bytes));
      await onEvent({ type: 'page-read', slice, table: batch.table, rows: batch.rows.length });
      rowsRead += batch.rows.length;
      if (batch.total !== undefined) announced = (announced ?? 0) + batch.total;
      const checked = checker.check(batch.rows);
      quarantined.push(...checked.quarantined);
      await stage.append(checked.batch);
      return checked.batch.rows;
    },
    result: () => ({
      target,
      stage,
      rowsRead,
      announced,
      bytes,
      rejected: rowsRead - stage.rows,
      quarantined: [...quarantined, ...(stage.refused ?? [])],
      drift: [...checker.drift(), ...fileDrift],
    }),
  };
}

/** @throws retryable `vendor` when rows are missing; fatal `bad-row` when every row breaks the schema */
export function checkComplete(
  { where, slice }: Pick<ReadRequest, 'where' | 'slice'>,
  { target, rowsRead, announced, quarantined, stage }: TableRead,
): void {
  if (announced !== undefined && announced !== rowsRead)
    throw retryable('vendor', {
      where,
      what: `slice ${slice.id} of table "${target.name}" is not whole: the vendor announced ${announced} rows, ${rowsRead} came`,
      todo: 'nothing of it was loaded; the next run reads it again',
    });
  const first = quarantined[0];
  // One row with an infinite date may be all that has no value.
  const isValueless = slice.range !== undefined && slice.range.to === undefined;
  if (first !== undefined && stage.rows === 0 && !isValueless)
    throw fatal('bad-row', {
      where,
      what: `every row of slice ${slice.id} breaks schemas/${target.schema}.json: ${first.path} ${first.reason}`,
      got: first.masked,
      todo: 'nothing of it was loaded, and what the table holds was left alone; mend the schema file or the source',
    });
}
