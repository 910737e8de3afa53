import type { ByteStream } from '../../../bytes.ts';
import { fatal } from '../../../errors.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Quarantined } from '../../../rows/check.ts';
import type { LoadedFiles } from '../../warehouse.ts';
import { allColumns, rowColumn } from '../fields.ts';
import type { Bigquery } from '../jobs.ts';
import { ident } from '../names.ts';
import { canonicalCell, jsonText } from './canonical-sql.ts';
import type { RawRows } from './move-rows.ts';
import { detailedRows, moveRows, readBadRows } from './move-rows.ts';
import { createRawTable, dropTable } from './raw-table.ts';
import type { UploadedStream } from './upload-stream.ts';
import { takeRows, uploadStream } from './upload-stream.ts';

/** Streams that are sent side by side; each needs the memory of two pieces of an upload. */
const sideBySide = 4;

export interface PipeRequest {
  readonly target: TableTarget;
  readonly origin: string;
  /** Exists already. */
  readonly stageTable: string;
  /** Of the raw tables. No two pipes share it. */
  readonly rawName: string;
  /** Position that the first row gets in the stage. */
  readonly firstRow: number;
  readonly streams: readonly ByteStream[];
}

/** What came of it, and the rows that are in the stage now. */
export interface Piped extends LoadedFiles {
  readonly staged: number;
}

/** Loads streams as texts into raw tables, and moves the rows that fit the schema from there into the stage. */
export async function pipeStreams(bigquery: Bigquery, request: PipeRequest): Promise<Piped> {
  const { target, origin, stageTable, rawName, streams } = request;
  const groups = groupByColumns(target, streams, rawName);
  try {
    const uploaded = new Map<ByteStream, UploadedStream>();
    const waiting = groups.flatMap((group) =>
      group.streams.map((stream, index) => ({ group, stream, index })),
    );
    const made = new Map<string, Promise<void>>();
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { group, stream, index } = next;
        const { table } = group;
        if (!made.has(table)) made.set(table, createRawTable(bigquery, table, group.columns));
        await made.get(table);
        const what = `loading rows for ${target.dataset}.${target.name}`;
        uploaded.set(stream, await uploadStream(bigquery, { what, table, stream, index }));
      }
    };
    const workers = Array.from({ length: sideBySide }, work);
    await Promise.all(workers).catch(async (error: unknown) => {
      waiting.length = 0;
      // The others end first: nobody must read a source or fill a table after this has failed.
      await Promise.allSettled(workers);
      throw error;
    });
    return await moveAll(bigquery, request, { groups, uploaded, stageTable, origin });
  } finally {
    // They expire anyhow, and an error here would hide the one that matters.
    for (const { table } of groups) await dropTable(bigquery, table).catch(() => undefined);
  }
}

interface Group {
  readonly table: string;
  readonly columns: readonly string[];
  readonly streams: ByteStream[];
}

/** Streams of one order of columns share a table, whose columns are in that order. */
function groupByColumns(target: TableTarget, streams: readonly ByteStream[], rawName: string): Group[] {
  const groups = new Map<string, Group>();
  for (const stream of streams) {
    for (const name of stream.columns)
      if (!allColumns(target.columns).some((column) => column.name === name))
        throw fatal('internal', {
          where: `${target.dataset}.${target.name}`,
          what: 'a stream has a column that the schema file lacks',
          got: name,
        });
    const key = stream.columns.join('\n');
    const known = groups.get(key);
    if (known === undefined)
      groups.set(key, { table: `${rawName}_${groups.size + 1}`, columns: stream.columns, streams: [stream] });
    else known.streams.push(stream);
  }
  return [...groups.values()];
}

async function moveAll(
  bigquery: Bigquery,
  { target, firstRow, streams }: PipeRequest,
  {
    groups,
    uploaded,
    stageTable,
    origin,
  }: {
    readonly groups: readonly Group[];
    readonly uploaded: ReadonlyMap<ByteStream, UploadedStream>;
    readonly stageTable: string;
    readonly origin: string;
  },
): Promise<Piped> {
  const done = streams.flatMap((stream) => uploaded.get(stream) ?? []);
  const read = done.reduce((sum, { rows }) => sum + rows, 0);
  const bytes = done.reduce((sum, stream) => sum + stream.bytes, 0);
  const counted = done.flatMap(({ announced }) => (announced === undefined ? [] : [announced]));
  const announced = counted.length === 0 ? undefined : counted.reduce((sum, rows) => sum + rows, 0);
  if (read === 0) return { read, bytes, announced, staged: 0, quarantined: [], drift: [] };
  const starts = new Map<UploadedStream, number>();
  let start = firstRow;
  for (const stream of done) {
    starts.set(stream, start);
    start += stream.rows;
  }
  const raw = groups
    .map((group) => ({ group, of: group.streams.flatMap((stream) => uploaded.get(stream) ?? []) }))
    .map(({ group, of }) =>
      rawRows(
        { target, firstRow },
        group,
        of.filter(({ rows }) => rows > 0),
        starts,
      ),
    )
    .filter((each) => each !== undefined);
  const staged = await moveRows(bigquery, { target, stageTable, origin, raw });
  const quarantined: Quarantined[] = [];
  if (staged < read) for (const each of raw) quarantined.push(...(await readBadRows(bigquery, each)));
  quarantined.sort((a, b) => (a.row ?? 0) - (b.row ?? 0));
  return { read, bytes, announced, staged, quarantined: quarantined.slice(0, detailedRows), drift: [] };
}

function rawRows(
  { target, firstRow }: Pick<PipeRequest, 'target' | 'firstRow'>,
  { table, columns }: Group,
  streams: readonly UploadedStream[],
  starts: ReadonlyMap<UploadedStream, number>,
): RawRows | undefined {
  if (streams.length === 0) return undefined;
  const take = `DIV(r.${rowColumn}, ${takeRows})`;
  const whens = streams.map((stream) => `WHEN ${stream.take} THEN ${starts.get(stream) ?? 0}`);
  return {
    table,
    cells: target.columns.flatMap((column) => {
      const text = `r.${ident(column.name)}`;
      if (columns.includes(column.name))
        return { ...canonicalCell(column, text), column: column.name, shown: text };
      if (column.mode !== 'REQUIRED') return [];
      const flaws = [{ when: 'TRUE', reason: 'is required and missing' }];
      return { value: 'NULL', flaws, column: column.name, shown: 'CAST(NULL AS STRING)' };
    }),
    extra: columns.includes('_extra') ? jsonText('r.`_extra`') : 'NULL',
    params: {},
    first: firstRow,
    position: `MOD(r.${rowColumn}, ${takeRows}) + (CASE ${take} ${whens.join(' ')} END)`,
    where: `${take} IN (${streams.map((stream) => stream.take).join(', ')})`,
  };
}
