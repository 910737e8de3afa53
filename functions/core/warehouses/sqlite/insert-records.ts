import type { SQLInputValue } from 'node:sqlite';
import { BadCell } from './cells.ts';
import type { Constant } from './inserter.ts';
import type { TextRecord } from './records-of.ts';
import type { StageTable } from './stage.ts';

/** How a record becomes a row of a stage. */
export interface RecordFields {
  /** Cells of a record; one with another number fits no column. */
  readonly width: number;
  /** The stage's columns in order: where their cell stands, -1 for nowhere. */
  readonly cells: readonly {
    readonly read: (text: string | undefined) => SQLInputValue;
    readonly from: number;
  }[];
  /** Values of the columns behind them. */
  readonly after: readonly Constant[];
}

/** Values that are put into the stage together: a transaction for each small chunk costs more than its rows. */
const together = 100_000;

/** @throws BadCell at the first cell that its column cannot hold */
export async function insertRecords(
  stage: StageTable,
  batches: AsyncIterable<readonly TextRecord[]>,
  { width, cells, after }: RecordFields,
): Promise<void> {
  let values: SQLInputValue[] = [];
  for await (const records of batches) {
    for (const record of records) {
      if (record.length !== width) throw new BadCell();
      for (const { read, from } of cells) values.push(read(from === -1 ? undefined : record[from]));
    }
    if (values.length < together) continue;
    stage.insert(values, after);
    values = [];
  }
  if (values.length > 0) stage.insert(values, after);
}
