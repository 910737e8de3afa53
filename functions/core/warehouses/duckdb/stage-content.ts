import type { Explain } from '../../files/load-request.ts';

/**
 * What a stage holds: rows in its TEMP table, or a SELECT that cannot fail, whose rows go straight into the final table
 * when the slice commits. The second way saves a copy of large files.
 */
export type StageContent =
  | { readonly kind: 'table' }
  | {
      readonly kind: 'select';
      /** Gives the columns of the stage in order, with exactly their types. */
      readonly sql: string;
      readonly rows: number;
      readonly explain: Explain;
    };
