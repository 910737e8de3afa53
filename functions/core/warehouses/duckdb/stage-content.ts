import type { Explain } from '../../files/load-request.ts';
import type { Draft } from './draft.ts';

/**
 * What a stage holds: rows in its TEMP table, or a SELECT that cannot fail, whose rows go straight into the final table
 * when the slice commits. The second way saves a copy of large files.
 */
export type StageContent =
  | { readonly kind: 'table' }
  | {
      /** Rows in a table of the file itself, which takes the final table's place where that is empty or replaced. */
      readonly kind: 'draft';
      readonly draft: Draft;
    }
  | {
      readonly kind: 'select';
      /** Gives the columns of the stage in order, with exactly their types. */
      readonly sql: string;
      readonly rows: number;
      readonly explain: Explain;
    };
