import { randomBytes } from 'node:crypto';
import { changeColumns } from '../../change.ts';
import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Quarantined } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles, Stage, StageOptions } from '../warehouse.ts';
import type { Clickhouse } from './client.ts';
import { fillStage } from './fill.ts';
import type { Insertion } from './insert.ts';
import { insertBytes } from './insert.ts';
import { ident, names, stagingName, tableRef } from './names.ts';
import { tsvWriter } from './tsv.ts';
import { allColumns, nullableType } from './types.ts';
import { withoutUnfit } from './unfit-rows.ts';

/** A stage on ClickHouse: a table of the same structure as the final one, in the staging database. */
export interface ClickhouseStage extends Stage {
  /** Its name in the staging database. */
  readonly name: string;
  /** The table as SQL. */
  readonly ref: string;
  readonly isForChanges: boolean;
  /** Sends what is still held here. After it all staged rows are in the table. */
  settle(): Promise<void>;
  /** The table is a commit's from now on, which drops it when it is done: `discard` leaves it. */
  handOver(): void;
}

/** What `pipe` and `load` work with. */
export interface StageWriter {
  readonly clickhouse: Clickhouse;
  readonly target: TableTarget;
  readonly origin: string;
  /** Does insertions, all or none of them: when one fails, rows of the others are deleted again. */
  insertAll(
    insertions: readonly Omit<Insertion, 'into' | 'copy' | 'what'>[],
    parallel: number,
  ): Promise<number>;
}

/** What came, and how many rows of it are in the stage. */
export interface Staged extends LoadedFiles {
  readonly staged: number;
}

/** Rows that were appended wait until there are as many bytes; few large inserts cost a server less than many small ones. */
const flushBytes = 8 * 1024 * 1024;

export async function openStage(
  clickhouse: Clickhouse,
  target: TableTarget,
  origin: string,
  { changes = false }: StageOptions = {},
): Promise<ClickhouseStage> {
  const name = stagingName('s', newestLease(clickhouse));
  const ref = tableRef(clickhouse.staging, name);
  const where = `${target.dataset}.${target.name}`;
  const columns = [...allColumns(target.columns), ...(changes ? changeColumns(target) : [])];
  await createStageTable(clickhouse, { ref, target, columns, changes });
  const write = tsvWriter(columns);
  // Numbers of insertions: the stage's own in the high bits, so that no two of any stage are the same.
  const base = BigInt(`0x${randomBytes(12).toString('hex')}`) << 32n;
  let insertions = 0n;
  let rows = 0;
  /** Rows that came by `append`, kept or not. */
  let appended = 0;
  const refused: Quarantined[] = [];
  let waiting: string[] = [];
  let size = 0;
  let state: 'open' | 'broken' | 'discarded' | 'handed over' = 'open';

  const insert = async (
    insertion: Omit<Insertion, 'into' | 'copy' | 'what'>,
    copy: bigint,
  ): Promise<void> => {
    await insertBytes(clickhouse, { ...insertion, into: ref, copy, what: `staging rows for ${where}` });
  };
  const nextCopy = () => {
    insertions += 1n;
    return base + insertions;
  };
  const flush = async () => {
    if (waiting.length === 0) return;
    const body = waiting.join('');
    waiting = [];
    size = 0;
    try {
      await insert({ columns, format: 'TabSeparated', body }, nextCopy());
    } catch (error) {
      state = 'broken';
      throw error;
    }
  };
  const writer: StageWriter = {
    clickhouse,
    target,
    origin,
    async insertAll(list, parallel) {
      const numbered = list.map((insertion) => ({ insertion, copy: nextCopy() }));
      const queue = [...numbered];
      const work = async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift())
          await insert(next.insertion, next.copy);
      };
      const results = await Promise.allSettled(Array.from({ length: parallel }, work));
      const failed = results.find((result) => result.status === 'rejected');
      const copies = numbered.map(({ copy }) => `toUInt128('${copy}')`).join(', ');
      if (failed !== undefined) {
        state = 'broken';
        await clickhouse.run({
          what: `taking back rows for ${where}`,
          sql: `ALTER TABLE ${ref} DELETE WHERE _copy IN (${copies})`,
          isRepeatable: true,
        });
        state = 'open';
        throw failed.reason;
      }
      if (numbered.length === 0) return 0;
      const [count = 0] = await clickhouse.numbers({
        what: `counting rows for ${where}`,
        // Where there are no others, the server knows the number without a look at the rows.
        sql: `SELECT count() FROM ${ref} ${insertions === BigInt(list.length) ? '' : `WHERE _copy IN (${copies})`}`,
      });
      return count;
    },
  };
  const take = async (staging: Promise<Staged>): Promise<LoadedFiles> => {
    const { staged, ...loaded } = await staging;
    rows += staged;
    return loaded;
  };

  return {
    target,
    name,
    ref,
    isForChanges: changes,
    get rows() {
      return rows;
    },
    async append(batch) {
      const { fit, unfit } = withoutUnfit(columns, batch, appended);
      appended += batch.rows;
      refused.push(...unfit);
      if (fit.rows === 0) return;
      const text = write(fit);
      rows += fit.rows;
      waiting.push(text);
      size += text.length;
      if (size >= flushBytes) await flush();
    },
    async load(files) {
      await flush();
      const { loadFiles } = await import('./load.ts');
      return take(loadFiles(writer, files));
    },
    async pipe(streams) {
      await flush();
      const { pipeStreams } = await import('./pipe.ts');
      return take(pipeStreams(writer, streams));
    },
    async fill(query) {
      await flush();
      const filled = await fillStage({ clickhouse, target, origin, into: ref, copy: nextCopy() }, query);
      rows += filled;
      return filled;
    },
    get refused() {
      return refused;
    },
    async settle() {
      if (state !== 'open')
        throw fatal('internal', { where, what: `the stage cannot be committed: it is ${state}` });
      await flush();
    },
    handOver() {
      state = 'handed over';
    },
    async discard() {
      if (state === 'discarded' || state === 'handed over') return;
      state = 'discarded';
      waiting = [];
      await dropTable(clickhouse, ref);
    },
  };
}

/** Old data may be of any size, and the server guards large tables against a slip. */
export async function dropTable(clickhouse: Clickhouse, ref: string): Promise<void> {
  await clickhouse.run({
    what: `dropping ${ref}`,
    sql: `DROP TABLE IF EXISTS ${ref} SYNC`,
    settings: { max_table_size_to_drop: 0 },
    isRepeatable: true,
  });
}

async function createStageTable(
  clickhouse: Clickhouse,
  stage: {
    readonly ref: string;
    readonly target: TableTarget;
    readonly columns: readonly Column[];
    readonly changes: boolean;
  },
): Promise<void> {
  const { ref, target, columns, changes } = stage;
  const final = tableRef(target.dataset, target.name);
  // A change may leave REQUIRED cells out, so its stage holds NULL everywhere.
  const defined = columns.map((column) => `${ident(column.name)} ${nullableType(column)}`);
  const sql = changes
    ? `CREATE TABLE IF NOT EXISTS ${ref} (${defined.join(', ')}, _copy UInt128, _row UInt64) ENGINE = MergeTree ` +
      `ORDER BY (${names([...target.key, '_copy', '_row'])}) SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000`
    : `CREATE TABLE IF NOT EXISTS ${ref} AS ${final}`;
  await clickhouse.run({
    what: `opening a stage for ${target.dataset}.${target.name}`,
    sql,
    isRepeatable: true,
  });
}

/** With several leases in one process nobody can tell whose stage it is; it is cleaned away by its age then. */
function newestLease({ leases }: Clickhouse) {
  const [lease] = leases.values();
  return leases.size === 1 ? lease : undefined;
}
