import type { z } from 'zod';
import type { OptionsOf } from './extract.ts';
import type { Http } from './http/http.ts';
import type { Column } from './schema.ts';
import type { AnySource } from './source.ts';

/** What every question to a source gets. It reads only, and asks for no more than it was told to. */
export interface InspectContext<S extends AnySource> {
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly http: Http;
  readonly signal: AbortSignal;
}

/** Something in the source that may become a table of a pipeline: a database table, a view, a file. */
export interface FoundTable<Options = Readonly<Record<string, unknown>>> {
  /** What people call it and write on the command line: `public.orders`, `exports/2026/flights.csv`. */
  readonly name: string;
  readonly kind: 'table' | 'view' | 'file';
  /** Rows, if the source knows them without counting. */
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  /** The options of an entry in the stack file that reads it. */
  readonly options: Options;
}

/** A column as the source has it, with the column of the schema file that holds all its values. */
export interface FoundColumn {
  /** Its name is legal already; `sourceName` keeps the original where the two differ. */
  readonly column: Column;
  /** The type in the source's own words, such as `numeric(12,2)`. */
  readonly sourceType: string;
}

export interface TableDescription {
  readonly columns: readonly FoundColumn[];
  /** Columns, by their names in the schema file, that identify a row; empty when the source names none. */
  readonly key: readonly string[];
  /** Undefined when the source cannot tell without reading everything. */
  readonly rows?: number | undefined;
  /** True when `rows` is the source's own estimate. */
  readonly isEstimate?: boolean | undefined;
  /** The first rows, cells in the order of `columns`, JSON-ready; NULL is null. */
  readonly sample: readonly (readonly unknown[])[];
  /** What a person should look at before using the schema, each a sentence. */
  readonly warnings: readonly string[];
}

/** Asked by `catchment peek` and `catchment schema infer`. Errors say the cause: host, login, database, permission. */
export interface InspectOf<S extends AnySource> {
  /** Everything that could be loaded, sorted by name. Also the connection test: it fails where a run would. */
  tables(context: InspectContext<S>): Promise<readonly FoundTable<OptionsOf<S>>[]>;
  /** One table, by the options of its entry in the stack file or of what `tables` found. */
  describe(
    context: InspectContext<S> & {
      readonly options: OptionsOf<S>;
      /** Rows of the sample, at most. */
      readonly sample: number;
    },
  ): Promise<TableDescription>;
}
