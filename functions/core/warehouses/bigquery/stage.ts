import { randomUUID } from 'node:crypto';
import { fatal } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles, Stage, StageOptions } from '../warehouse.ts';
import { stagedColumns, stageFields } from './fields.ts';
import { fillStage } from './fill.ts';
import type { Bigquery } from './jobs.ts';
import { jobId, runJob } from './jobs.ts';
import { loadLocal } from './load/local.ts';
import { ident, ledgerPrefix, tableRef } from './names.ts';
import { lineWriter } from './ndjson.ts';
import type { Part } from './part.ts';
import { createPart } from './part.ts';
import type { PartitionRange } from './partition-range.ts';
import { createRangeTracker } from './partition-range.ts';
import { pipeStreams } from './pipe/pipe.ts';
import { pipeRows } from './pipe/pipe-rows.ts';
import { createScratchTable, dropTable } from './pipe/raw-table.ts';
import { select } from './sql.ts';

/** A stage on BigQuery: a table that expires by itself, filled by load jobs. */
export interface BigqueryStage extends Stage {
  /** Name of the staging table; there is one only when rows are staged. */
  readonly table: string;
  /** Loads what is still held here. After it all staged rows are in the table. */
  settle(): Promise<void>;
  /** What the partitioning column holds, when it is part of the key: a merge need not look at other partitions. */
  readonly range: PartitionRange | undefined;
  /** Columns that some staged change takes from the stored row. */
  readonly kept: readonly string[];
}

/**
 * Rows are held as compressed lines until there are enough for a load job; while it works the next part fills. So a
 * stage takes at most two parts of memory. There is no file: in a function, files are memory as well.
 */
export function openStage(
  bigquery: Bigquery,
  target: TableTarget,
  origin: string,
  { changes = false }: StageOptions = {},
): BigqueryStage {
  const id = randomUUID().replaceAll('-', '');
  const table = `${ledgerPrefix}stage_${id}`;
  const columns = stagedColumns(target, changes);
  const write = lineWriter(columns);
  const range = createRangeTracker(target);
  const kept = createKeptTracker(columns);
  let rows = 0;
  /** Position of the next row; bad rows of a pipe leave holes. */
  let next = 0;
  let pipes = 0;
  let part: Part | undefined;
  let parts = 0;
  let loading: Promise<void> = Promise.resolve();

  let creating: Promise<void> | undefined;
  const createOnce = () => {
    creating ??= createScratchTable(bigquery, { name: table, fields: stageFields(columns) });
    return creating;
  };

  const widenRange = async () => {
    if (range !== undefined) range.addFound(await boundsOf(bigquery, table, range.column));
  };

  const loadFromBuckets = async (files: readonly FileRef[]) => {
    const { loadObjects } = await import('./load/load-objects.ts');
    await createOnce();
    pipes += 1;
    const request = { target, origin, stageTable: table, rawName: `${table}_p${pipes}`, files };
    const { staged, ...loaded } = await loadObjects(bigquery, request);
    rows += staged;
    if (staged > 0) await widenRange();
    return loaded;
  };

  const takeLines = async (lines: string, path: string) => {
    const { loadLines } = await import('./load/load-objects.ts');
    await createOnce();
    const { staged, ...loaded } = await loadLines(bigquery, {
      target,
      origin,
      stageTable: table,
      lines,
      path,
    });
    rows += staged;
    if (staged > 0) await widenRange();
    return loaded;
  };

  const flush = async () => {
    if (part === undefined) return;
    const full = part;
    part = undefined;
    await loading;
    parts += 1;
    const number = parts;
    loading = (async () => {
      await createOnce();
      await loadPart(bigquery, { target, table, number, rows: full.rows, content: await full.finish() });
    })();
    // Whoever waits for it next gets the error; until then it must not end the process.
    loading.catch(() => undefined);
  };

  return {
    target,
    table,
    get rows() {
      return rows;
    },
    get range() {
      return range?.read();
    },
    get kept() {
      return kept.read();
    },
    async append(batch) {
      if (batch.rows === 0) return;
      range?.add(batch);
      kept.add(batch);
      part ??= createPart();
      await part.write(write(batch, next), batch.rows);
      rows += batch.rows;
      next += batch.rows;
      if (part.bytes >= bigquery.settings.partBytes) await flush();
    },
    async load(files) {
      const objects = files.filter(({ path }) => path.startsWith('gs://'));
      const local = files.filter(({ path }) => !path.startsWith('gs://'));
      const loaded: LoadedFiles[] = [];
      if (local.length > 0)
        loaded.push(await loadLocal({ target, origin, files: local }, (streams) => this.pipe(streams)));
      if (objects.length > 0) loaded.push(await loadFromBuckets(objects));
      return together(loaded);
    },
    async pipe(streams) {
      if (streams.some((stream) => hasNested(target, stream.columns)))
        return pipeRows(target, origin, streams, this);
      await createOnce();
      pipes += 1;
      const [firstRow, rawName] = [next, `${table}_p${pipes}`];
      const request = { target, origin, stageTable: table, rawName, firstRow, streams };
      const { staged, ...piped } = await pipeStreams(bigquery, request);
      next += piped.read;
      rows += staged;
      if (staged > 0) await widenRange();
      return piped;
    },
    async ask(offer) {
      const { runOffer } = await import('./load/run-offer.ts');
      pipes += 1;
      const rawName = `${table}_p${pipes}`;
      const request = { target, origin, stageTable: table, rawName, offer, createStage: createOnce };
      const taken = await runOffer(bigquery, request);
      if (taken === undefined) return undefined;
      const { staged, ...loaded } = taken;
      rows += staged;
      if (staged > 0) await widenRange();
      return loaded;
    },
    takeLines,
    async fill(query) {
      await createOnce();
      const filled = await fillStage(bigquery, { target, origin, stageTable: table, query });
      rows += filled;
      if (filled > 0) await widenRange();
      return filled;
    },
    async settle() {
      await flush();
      await loading;
    },
    async discard() {
      part = undefined;
      await loading.catch(() => undefined);
      // The table expires anyhow, and an error here would hide the one that matters.
      if (creating !== undefined) await dropTable(bigquery, table).catch(() => undefined);
    },
  };
}

async function loadPart(
  bigquery: Bigquery,
  load: {
    readonly target: TableTarget;
    readonly table: string;
    readonly number: number;
    readonly rows: number;
    readonly content: Uint8Array;
  },
): Promise<void> {
  const { project: projectId, dataset: datasetId } = bigquery.settings;
  const what = `loading rows for ${datasetId}.${load.target.name}`;
  const done = await runJob(bigquery, {
    what,
    id: jobId('load', load.table, load.number),
    configuration: {
      load: {
        destinationTable: { projectId, datasetId, tableId: load.table },
        sourceFormat: 'NEWLINE_DELIMITED_JSON',
        writeDisposition: 'WRITE_APPEND',
        createDisposition: 'CREATE_NEVER',
        maxBadRecords: 0,
        ignoreUnknownValues: false,
      },
    },
    upload: load.content,
  });
  const loaded = Number(done.statistics.load?.outputRows);
  if (loaded !== load.rows)
    throw fatal('warehouse', {
      what: `BigQuery: ${what} took another number of rows than it was given`,
      got: loaded,
      allowed: `${load.rows}`,
      todo: 'nothing of the slice was committed; report it',
    });
}

function createKeptTracker(columns: readonly Column[]) {
  const index = columns.findIndex(({ name }) => name === '_kept');
  const seen = new Set<string>();
  return {
    add({ values }: ColumnBatch) {
      for (const value of new Set(values[index] as (string | null)[] | undefined))
        if (value !== null) seen.add(value);
    },
    read: () => [...new Set([...seen].flatMap((names) => names.split(',').filter(Boolean)))],
  };
}

function hasNested({ columns }: TableTarget, names: readonly string[]): boolean {
  return columns.some(
    ({ name, type, mode }) => names.includes(name) && (type === 'RECORD' || mode === 'REPEATED'),
  );
}

/** Rows that came past us have been seen by nobody, so the stage is asked. */
async function boundsOf(bigquery: Bigquery, table: string, column: string) {
  const name = ident(column);
  const { rows } = await select(bigquery, {
    what: 'reading which partitions the staged rows are for',
    sql: `SELECT MIN(${name}) AS low, MAX(${name}) AS high, COUNTIF(${name} IS NULL) AS nulls FROM ${tableRef(bigquery.settings, table)}`,
    params: {},
  });
  const [low, high, nulls] = rows[0] ?? [];
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return { from: text(low), to: text(high), hasNull: nulls !== 0 };
}

function together(loaded: readonly LoadedFiles[]): LoadedFiles {
  return {
    read: loaded.reduce((sum, { read }) => sum + read, 0),
    bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
    quarantined: loaded.flatMap(({ quarantined }) => quarantined),
    drift: loaded.flatMap(({ drift }) => drift),
  };
}
