import { stat } from 'node:fs/promises';
import type { DuckDBAppender, DuckDBDataChunk } from '@duckdb/node-api';
import { changeColumns } from '../../change.ts';
import { isCatchmentError } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import type { Care } from '../../files/file-load.ts';
import { Misfit } from '../../files/file-load.ts';
import { loadFiles } from '../../files/load.ts';
import type { FilesInStage } from '../../files/load-request.ts';
import { ident } from '../../files/quote.ts';
import { allColumns, definitionsOf, isNested } from '../../files/types.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles, Stage, StageOptions } from '../warehouse.ts';
import type { Database } from './database.ts';
import type { Draft } from './draft.ts';
import { openDraft } from './draft.ts';
import { duckdbError } from './errors.ts';
import { fillStage } from './fill.ts';
import { forStreams, insertAlone, segmentThreads } from './insert-alone.ts';
import { pipeStreams } from './pipe.ts';
import type { StageContent } from './stage-content.ts';
import { toDuckdb } from './to-duckdb.ts';

/** Rows in one vector of DuckDB; a chunk holds no more. */
const chunkRows = 2048;

/** Small pages are put into the table together: page by page costs three times as much. */
const most = { rows: 8 * chunkRows, characters: 2 ** 24 };

/** A stage of the embedded warehouse: a TEMP table, which dies with the process. */
export interface DuckdbStage extends Stage {
  readonly table: string;
  /** Puts appended rows into the table. Needed before a commit, whose end may be a roll back. */
  flush(): Promise<void>;
  content(): StageContent;
}

let stages = 0;

export async function openStage(
  database: Database,
  target: TableTarget,
  origin: string,
  { changes = false }: StageOptions = {},
): Promise<DuckdbStage> {
  stages += 1;
  const name = `stage_${stages}_${target.name}`;
  const table = `temp.main.${ident(name)}`;
  const columns = stageColumns(target, changes);
  await database.write((connection) =>
    connection.run(`CREATE OR REPLACE TEMP TABLE ${ident(name)} (${definitionsOf(columns)})`),
  );
  const api = await import('@duckdb/node-api');
  const converters = columns.map((column) => toDuckdb(column, api));
  let rows = 0;
  let content: StageContent = { kind: 'table' };
  let chunk: DuckDBDataChunk | undefined;
  let appender: DuckDBAppender | undefined;
  let waiting = { rows: 0, characters: 0 };
  let isDropped = false;

  const names = columns.map((column) => ident(column.name)).join(', ');

  /** Puts rows that wait elsewhere into the table, because more rows follow. */
  const settle = async () => {
    const before = content;
    if (before.kind === 'table') return;
    if (before.kind === 'draft') {
      await before.draft.publish();
      await database.write((connection) =>
        connection.run(`INSERT INTO ${table} BY NAME SELECT ${names} FROM ${before.draft.table}`),
      );
      await before.draft.drop();
    } else
      await database.write((connection) =>
        connection.run(`INSERT INTO ${table} ${before.sql}`).catch((error: unknown) => {
          throw before.explain(error);
        }),
      );
    content = { kind: 'table' };
  };

  const flush = () => {
    const open = appender;
    appender = undefined;
    waiting = { rows: 0, characters: 0 };
    open?.closeSync();
  };

  /** Rows of a table without a key may come in any order; a row taken apart is told by its position. */
  const mayMix = (isFast: boolean) => isFast && target.key.length === 0 && !target.columns.some(isNested);

  /** Loads into a draft that becomes the stage's content; what needs a closer look gets it in a draft of its own. */
  const intoDraft = async (
    load: (draft: Draft, careOf: (path?: string) => Care, isFast: boolean) => Promise<FilesInStage>,
  ): Promise<FilesInStage> => {
    const misfits = new Map<string, Care>();
    for (;;) {
      const draft = await openDraft(database, target);
      try {
        const careOf = (path?: string): Care => {
          if (path === undefined) return misfits.size > 0 ? 'close' : 'fast';
          return misfits.get(path) ?? 'fast';
        };
        const loaded = await load(draft, careOf, misfits.size === 0);
        if (loaded.select === undefined) content = { kind: 'draft', draft };
        else await draft.drop();
        return loaded;
      } catch (error) {
        await draft.drop();
        const misfit = isCatchmentError(error) ? error.cause : error;
        if (!(misfit instanceof Misfit)) throw duckdbError(error, database.path);
        misfits.set(misfit.path, misfit.care);
      }
    }
  };

  return {
    target,
    table,
    async flush() {
      if (content.kind === 'draft') await content.draft.publish();
      else await database.write(async () => flush());
    },
    content: () => content,
    get rows() {
      return rows;
    },
    async append(batch: ColumnBatch) {
      if (batch.rows === 0) return;
      await settle();
      await database.write(async (connection) => {
        const open = appender ?? (await connection.createAppender(name, 'main', 'temp'));
        appender = open;
        // One chunk for all: half a megabyte each, and the garbage collector does not know of it.
        chunk ??= api.DuckDBDataChunk.create(columns.map((_, index) => open.columnType(index)));
        for (let from = 0; from < batch.rows; from += chunkRows) {
          fill(chunk, converters, batch, from);
          open.appendDataChunk(chunk);
        }
        waiting = {
          rows: waiting.rows + batch.rows,
          characters: waiting.characters + charactersOf(batch),
        };
        if (waiting.rows >= most.rows || waiting.characters >= most.characters) flush();
      });
      rows += batch.rows;
    },
    async load(files): Promise<LoadedFiles> {
      await settle();
      const request = { target, origin, files, mayDefer: rows === 0 };
      const loaded =
        rows === 0 && !changes && (await isLarge(files))
          ? await intoDraft((draft, careOf, isFast) =>
              insertAlone(
                database,
                {
                  anyOrder:
                    mayMix(isFast) && files.every(({ format }) => format === 'csv' || format === 'ndjson'),
                },
                () => loadFiles(draft.connection, { ...request, stageTable: draft.table, careOf }),
              ),
            )
          : await database.write((connection) => {
              flush();
              return loadFiles(connection, { ...request, stageTable: table });
            });
      rows += loaded.staged;
      if (loaded.select !== undefined) content = { kind: 'select', ...loaded.select, rows: loaded.staged };
      return loaded;
    },
    async pipe(streams): Promise<LoadedFiles> {
      await settle();
      const request = { target, origin, streams };
      const piped =
        rows === 0 && !changes
          ? await intoDraft((draft, careOf, isFast) => {
              const anyOrder = mayMix(isFast);
              // With their order kept, rows that several threads read are written twice.
              const threads = anyOrder ? segmentThreads() : 1;
              return forStreams(database, threads, () =>
                pipeStreams({
                  ...request,
                  into: draft.table,
                  care: careOf(),
                  threads,
                  use: (work) => insertAlone(database, { anyOrder }, () => work(draft.connection)),
                }),
              );
            })
          : await pipeStreams({
              ...request,
              into: table,
              care: 'either',
              threads: 1,
              use: (work) =>
                database.write((connection) => {
                  flush();
                  return work(connection);
                }),
            });
      rows += piped.staged;
      return piped;
    },
    async fill(query) {
      await settle();
      const filled = await database.write((connection) => {
        flush();
        return fillStage(connection, { target, table, origin, query });
      });
      rows += filled;
      return filled;
    },
    async discard() {
      if (isDropped) return;
      isDropped = true;
      if (content.kind === 'draft') await content.draft.drop();
      await database.write(async (connection) => {
        try {
          flush();
        } finally {
          await connection.run(`DROP TABLE IF EXISTS ${table}`);
        }
      });
    },
  };
}

/** Below this, a copy at the commit costs less than a table of its own. */
const largeBytes = 4 * 2 ** 20;

async function isLarge(files: readonly FileRef[]): Promise<boolean> {
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) >= largeBytes;
}

/** A change may lack any cell: a delete has its key alone, and an update leaves out what it kept. */
function stageColumns(target: TableTarget, changes: boolean): readonly Column[] {
  const columns = allColumns(target.columns);
  if (!changes) return columns;
  return [...columns.map((column) => nullable(column)), ...changeColumns(target)];
}

function nullable(column: Column): Column {
  return column.mode === 'REQUIRED' ? { ...column, mode: 'NULLABLE' } : column;
}

/** Infinity for values whose size is not known, such as lists. */
function charactersOf(batch: ColumnBatch): number {
  let characters = 0;
  for (const values of batch.values) {
    for (const value of values) {
      if (typeof value === 'string') characters += value.length;
      else if (typeof value === 'object' && value !== null) return Number.POSITIVE_INFINITY;
    }
  }
  return characters;
}

/** Puts rows from `from` on into a chunk, in place of what it held. */
function fill(
  chunk: DuckDBDataChunk,
  converters: readonly ReturnType<typeof toDuckdb>[],
  batch: ColumnBatch,
  from: number,
): void {
  const to = Math.min(batch.rows, from + chunkRows);
  chunk.reset();
  chunk.rowCount = to - from;
  chunk.setColumns(
    converters.map((convert, index) => {
      const values = batch.values[index] ?? [];
      const converted = new Array(to - from);
      for (let row = from; row < to; row += 1) converted[row - from] = convert(values[row]);
      return converted;
    }),
  );
}
