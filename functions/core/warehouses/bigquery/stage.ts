import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { Stage, StageOptions } from '../warehouse.ts';
import { stagedColumns, stageFields } from './fields.ts';
import type { Bigquery } from './jobs.ts';
import { jobId, runJob } from './jobs.ts';
import { ledgerPrefix } from './names.ts';
import { lineWriter } from './ndjson.ts';
import type { PartitionRange } from './partition-range.ts';
import { createRangeTracker } from './partition-range.ts';
import { createTable } from './tables.ts';

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

/** Crashed runs leave their stages; BigQuery deletes them after this. */
const lifeMs = 24 * 3_600_000;

/**
 * Rows are held as compressed lines until there are enough for a load job; while it works the next part fills. So a
 * stage takes at most two parts of memory. There is no file: in a function, files are memory as well.
 */
export function openStage(
  bigquery: Bigquery,
  target: TableTarget,
  { changes = false }: StageOptions = {},
): BigqueryStage {
  const id = randomUUID().replaceAll('-', '');
  const table = `${ledgerPrefix}stage_${id}`;
  const columns = stagedColumns(target, changes);
  const write = lineWriter(columns);
  const range = createRangeTracker(target);
  const kept = createKeptTracker(columns);
  let rows = 0;
  let part: Part | undefined;
  let parts = 0;
  let loading: Promise<void> = Promise.resolve();

  const flush = async () => {
    if (part === undefined) return;
    const full = part;
    part = undefined;
    await loading;
    parts += 1;
    const number = parts;
    loading = (async () => {
      if (number === 1) await createStageTable(bigquery, columns, table);
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
      await part.write(write(batch, rows), batch.rows);
      rows += batch.rows;
      if (part.bytes >= bigquery.settings.partBytes) await flush();
    },
    async load(files) {
      throw fatal('bad-file', {
        where: `${target.dataset}.${target.name}`,
        what: 'this version loads files into embedded warehouses only',
        got: files[0]?.path,
        todo: 'point the pipeline at a duckdb warehouse',
      });
    },
    async pipe() {
      throw fatal('internal', { what: 'not yet' });
    },
    async settle() {
      await flush();
      await loading;
    },
    async discard() {
      part = undefined;
      await loading.catch(() => undefined);
      // The table expires anyhow, and an error here would hide the one that matters.
      if (parts > 0) await dropTable(bigquery, table).catch(() => undefined);
    },
  };
}

function createStageTable(bigquery: Bigquery, columns: readonly Column[], name: string): Promise<void> {
  const expirationTime = String(bigquery.settings.now().getTime() + lifeMs);
  const more = { expirationTime, labels: { app: 'catchment' } };
  return createTable(bigquery, { name, fields: stageFields(columns), more });
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

async function dropTable({ rest, settings }: Bigquery, name: string): Promise<void> {
  const path = `datasets/${settings.dataset}/tables/${name}`;
  await rest({ what: `dropping ${name}`, method: 'DELETE', path, expect: [404] });
}

interface Part {
  readonly bytes: number;
  readonly rows: number;
  write(text: string, rows: number): Promise<void>;
  finish(): Promise<Uint8Array>;
}

function createPart(): Part {
  const gzip = createGzip({ level: 4 });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let rows = 0;
  gzip.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  return {
    get bytes() {
      return bytes;
    },
    get rows() {
      return rows;
    },
    async write(text, count) {
      rows += count;
      if (!gzip.write(text)) await once(gzip, 'drain');
    },
    async finish() {
      gzip.end();
      await once(gzip, 'end');
      return Buffer.concat(chunks);
    },
  };
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
