import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { PartitionRange } from './partition-range.ts';

/** One stage that a commit applies to its table, as the parts of its statements. */
export interface Write {
  readonly target: TableTarget;
  /** The final table as SQL. */
  readonly table: string;
  /** The staging table as SQL; undefined when nothing is staged. */
  readonly staged: string | undefined;
  readonly rows: number;
  readonly range: PartitionRange | undefined;
  /** Columns that some staged change takes from the stored row. */
  readonly kept: readonly string[];
  /** Rows that the slice covers, as SQL about the columns of `t`. */
  readonly scope: string;
  /** Name of a variable. */
  readonly v: (name: string) => string;
  readonly number: number;
}

export function keyColumns({ key, columns, dataset, name }: TableTarget): readonly Column[] {
  return key.map((each) => {
    const found = columns.find((column) => column.name === each);
    if (found !== undefined) return found;
    throw fatal('bad-schema', {
      where: `${dataset}.${name}`,
      what: 'the key names a column that the schema file lacks',
      got: each,
    });
  });
}
