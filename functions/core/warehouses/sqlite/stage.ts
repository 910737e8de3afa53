import type { SQLInputValue } from 'node:sqlite';
import { changeColumns } from '../../change.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ColumnBatch } from '../../rows/check.ts';
import type { Stage, StageOptions } from '../warehouse.ts';
import { applyChangeset, createChangeset } from './changeset.ts';
import type { Database } from './database.ts';
import { fillStage } from './fill.ts';
import { createInserter } from './inserter.ts';
import { loadFiles, pipeStreams } from './load.ts';
import { ident } from './names.ts';
import type { StageRows } from './row-taker.ts';
import { stageRows } from './row-taker.ts';
import { createStageTable } from './stage-tables.ts';
import { allColumns, columnDefinitions, toSqlite } from './types.ts';

/** A stage is a table of the file that no reader knows. */
export interface SqliteStage extends Stage {
  readonly table: string;
  /** To be called right after a commit, which may have given the table another name. */
  settle(): void;
}

/** Where rows of a stage go, for those who read them from elsewhere. */
export interface StageTable {
  readonly target: TableTarget;
  readonly origin: string;
  readonly table: string;
  /** Columns, system columns included. */
  readonly width: number;
  /** Begins to write rows from bytes. */
  startRows(): StageRows;
  /** Inserts a changeset of so many rows. */
  apply(changeset: Uint8Array, rows: number): void;
  /** Rows that are there now, to come back to. */
  mark(): number;
  /** Deletes what was inserted after a mark. */
  resetTo(mark: number): void;
}

export function openStage(
  database: Database,
  target: TableTarget,
  origin: string,
  { changes = false }: StageOptions = {},
): SqliteStage {
  const columns = [...allColumns(target.columns), ...(changes ? changeColumns(target) : [])];
  const table = database.draft((sql) => createStageTable(sql, columnDefinitions(columns)));
  const converters = columns.map(toSqlite);
  const insertRows = createInserter(table, columns.length);
  let rows = 0;
  let isGone = false;

  const stageTable: StageTable = {
    target,
    origin,
    table,
    width: columns.length,
    startRows: () =>
      stageRows(createChangeset(table, columns.length, rows + 1), (changeset) => {
        const more = changeset.rows;
        stageTable.apply(changeset.take(), more);
      }),
    apply(bytes, more) {
      database.draft((sql) => applyChangeset(sql, bytes));
      rows += more;
    },
    mark: () => rows,
    resetTo(mark) {
      // Row ids count from 1 without a hole, as nothing else is deleted from a stage.
      database.transaction((sql) => sql.run(`DELETE FROM ${ident(table)} WHERE rowid > ?`, mark));
      rows = mark;
    },
  };

  return {
    target,
    table,
    get rows() {
      return rows;
    },
    async append(batch) {
      if (batch.rows === 0) return;
      database.draft((sql) => insertRows(sql, valuesOf(batch, converters)));
      rows += batch.rows;
    },
    load: (files) => loadFiles(stageTable, files),
    pipe: (streams) => pipeStreams(stageTable, streams),
    async fill(query) {
      const filled = database.draft((sql) => fillStage(sql, { table, target, origin, query }));
      rows += filled;
      return filled;
    },
    settle() {
      isGone ||=
        database.read((sql) => sql.count('SELECT count(*) FROM sqlite_schema WHERE name = ?', table)) === 0;
    },
    async discard() {
      if (isGone) return;
      isGone = true;
      database.transaction((sql) => sql.run(`DROP TABLE ${ident(table)}`));
    },
  };
}

function valuesOf(batch: ColumnBatch, converters: readonly ((value: unknown) => SQLInputValue)[]) {
  const values: SQLInputValue[] = [];
  for (let row = 0; row < batch.rows; row += 1)
    for (let column = 0; column < converters.length; column += 1)
      values.push(converters[column]?.(batch.values[column]?.[row]) ?? null);
  return values;
}
