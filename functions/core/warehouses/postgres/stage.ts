import { changeColumns } from '../../change.ts';
import type { CatchmentError } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import { ident, literal } from '../../files/quote.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Quarantined } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { Stage, StageOptions } from '../warehouse.ts';
import { copyLines } from './copy-lines.ts';
import type { Database, Sql } from './database.ts';
import type { Direct } from './direct.ts';
import { mayBeDirect, openDirect } from './direct.ts';
import { codeOf } from './errors.ts';
import { loadFiles } from './load.ts';
import { pipeStreams } from './pipe.ts';
import type { StageTables } from './stage-tables.ts';
import { encodeBatch } from './tsv.ts';
import { allColumns, columnDefinitions, list, originSetting, postgresType } from './types.ts';

/** The order in which rows came, for those of one key. */
export const orderColumn = '_catchment_order';

export interface PostgresStage extends Stage {
  /** Rows are where they stay, in a transaction that is open. */
  readonly direct: Direct | undefined;
  /** The stage's table; made now if nothing came yet. */
  table(): Promise<string>;
}

/** Where an attempt to bring rows puts them. */
export interface StagePlace {
  readonly sql: Sql;
  readonly table: string;
  /** The table was made by this very attempt. */
  readonly isNew: boolean;
}

/** What the ways to bring rows need of a stage. */
export interface StageWriter {
  readonly target: TableTarget;
  readonly origin: string;
  /** Any error leaves nothing of the attempt. */
  attempt<T>(work: (place: StagePlace) => Promise<T>): Promise<T>;
  /** Name for a table that the attempt makes and drops. */
  scratchName(): Promise<string>;
}

/** What the stages of one warehouse share. */
export interface StageContext {
  readonly database: Database;
  readonly tables: StageTables;
  /** At most one stage is direct at a time: a commit ends one transaction. */
  direct: Direct | undefined;
}

export function openStage(
  context: StageContext,
  target: TableTarget,
  origin: string,
  { changes = false }: StageOptions = {},
): PostgresStage {
  const { database, tables } = context;
  const columns = [...allColumns(target.columns), ...(changes ? changeColumns(target) : [])];
  const refused: Quarantined[] = [];
  let made: Promise<string> | undefined;
  let direct: Direct | undefined;
  let rows = 0;
  let isGone = false;
  let mayOpen = !changes && mayBeDirect(target);

  const table = () => {
    made ??= createTable(context, columns, changes);
    return made;
  };

  /** A direct stage begins with the first bytes, and only as the only one. */
  const openWriter = async (): Promise<StageWriter> => {
    if (isGone)
      throw fatal('internal', { where: target.name, what: 'a stage was used after it was discarded' });
    if (mayOpen && made === undefined && context.direct === undefined) {
      mayOpen = false;
      direct = await openDirect(database, tables, target, origin);
      context.direct = direct;
    }
    return writer;
  };

  const writer: StageWriter = {
    target,
    origin,
    scratchName: () => tables.nextName(),
    async attempt(work) {
      if (direct !== undefined) {
        const { sql } = direct;
        return direct.attempt((into) => work({ sql, ...into }));
      }
      const into = await table();
      return inTransaction(database, origin, (sql) => work({ sql, table: into, isNew: false }));
    },
  };

  return {
    target,
    refused,
    table,
    get direct() {
      return direct;
    },
    get rows() {
      return rows;
    },
    async append(batch) {
      if (batch.rows === 0) return;
      const lines = encodeBatch(batch, columns);
      const result = await writer
        .attempt(({ sql, table: into }) =>
          copyLines(sql, `COPY ${into} (${list(columns)}) FROM STDIN`, () => chunksOf(lines), target.name),
        )
        .catch((error: unknown) => {
          throw database.explain(error, target.name);
        });
      refused.push(...result.refused);
      rows += result.rows;
    },
    async load(files) {
      const loaded = await loadFiles(await openWriter(), files).catch((error: unknown) => {
        throw database.explain(error, target.name);
      });
      rows += loaded.staged;
      return loaded;
    },
    async pipe(streams) {
      const loaded = await pipeStreams(await openWriter(), streams).catch((error: unknown) => {
        throw database.explain(error, target.name);
      });
      rows += loaded.staged;
      return loaded;
    },
    async fill(query) {
      const into = await table();
      const cells = target.columns.map((column) => `CAST(${ident(column.name)} AS ${postgresType(column)})`);
      const filled = await database
        .run((sql) =>
          sql.run(
            `INSERT INTO ${into} (${list(allColumns(target.columns))})
             SELECT ${[...cells, literal(origin), 'NULL'].join(', ')} FROM (${query}\n) AS filled`,
          ),
        )
        .catch((error: CatchmentError) => {
          // What is wrong with the query or its values; all else is the server's trouble.
          if (!/^(0A|2[0-9]|42|3F|P0)/.test(codeOf(error.cause))) throw error;
          const words = (error.cause as Error).message;
          throw fatal('bad-input', {
            where: target.name,
            what: `the query failed: ${words}`,
            cause: error.cause,
          });
        });
      rows += filled;
      return filled;
    },
    async discard() {
      if (isGone) return;
      isGone = true;
      if (direct !== undefined) {
        await direct.end('ROLLBACK');
        if (context.direct === direct) context.direct = undefined;
      }
      const name = await made?.catch(() => undefined);
      if (name !== undefined) await database.run((sql) => sql.run(`DROP TABLE IF EXISTS ${name}`));
    },
  };
}

async function createTable(
  { database, tables }: StageContext,
  columns: readonly Column[],
  changes: boolean,
): Promise<string> {
  const name = await tables.nextName();
  // A delete brings its key only.
  const held = changes ? columns.map((column) => ({ ...column, mode: nullable(column.mode) })) : columns;
  await database.run((sql) =>
    sql.run(
      `CREATE UNLOGGED TABLE ${name} (${columnDefinitions(held)},
       ${orderColumn} bigint GENERATED BY DEFAULT AS IDENTITY) WITH (autovacuum_enabled = false)`,
    ),
  );
  return name;
}

function nullable(mode: Column['mode']): Column['mode'] {
  return mode === 'REQUIRED' ? 'NULLABLE' : mode;
}

async function inTransaction<T>(
  database: Database,
  origin: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const sql = await database.connect();
  let isBroken = true;
  try {
    await sql.run(`BEGIN; SET LOCAL ${originSetting} = ${literal(origin)}`);
    const result = await work(sql);
    await sql.run('COMMIT');
    isBroken = false;
    return result;
  } catch (error) {
    isBroken = await sql.run('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    await database.giveBack(sql, isBroken);
  }
}

/** Lines in pieces of about a megabyte. */
async function* chunksOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < lines.length; from += 2048)
    yield Buffer.from(`${lines.slice(from, from + 2048).join('\n')}\n`);
}
