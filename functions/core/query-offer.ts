import type { CatchmentError } from './errors.ts';
import type { Row } from './extract.ts';

/** Where queries run: a kind of system, and the place its tables are in. */
export interface QueryPlace {
  readonly system: 'bigquery';
  /** Such as `EU` or `europe-west1`. A query reads tables of one place, and can write to no other. */
  readonly location: string;
}

/** What a system said when it refused a query. */
export interface QueryRefusal {
  readonly reason: string;
  readonly message: string;
}

/**
 * Rows of one table as a query. A warehouse of the same place runs it itself, and no row comes past us; for every other one
 * there are the same rows in pages.
 */
export interface QueryOffer extends QueryPlace {
  /**
   * One SELECT; its columns have names of the schema file, each once, or `_extra`, which is JSON as text. Columns that it
   * leaves out are NULL.
   */
  readonly sql: string;
  /** Its columns that never are NULL. */
  readonly neverNull: readonly string[];
  /** It is refused when it would read more bytes. */
  readonly maximumBytesBilled: number;
  /** What a refusal means to whoever wrote the query; undefined when it is the warehouse's own affair. */
  explain(refusal: QueryRefusal): CatchmentError | undefined;
  pages(): AsyncIterable<{
    readonly rows: readonly Row[];
    /** Of all pages, on the first of them. */
    readonly total?: number;
  }>;
}
