import type { z } from 'zod';
import type { ObjectRef, OptionsOf } from './extract.ts';
import type { Http } from './http/http.ts';
import type { Column } from './schema.ts';
import type { AnySource } from './source.ts';

/** How an engine in the handler's place reads one table by JDBC. */
export interface JdbcRead {
  /** Which driver speaks to it. */
  readonly driver: 'postgres' | 'mariadb';
  /** Without user and password. */
  readonly url: string;
  readonly user: string;
  /** One SELECT whose columns have the names of the schema file. */
  readonly query: string;
  /** INTEGER column of the query by whose ranges several workers read at once. @default one worker reads */
  readonly partitionColumn?: string | undefined;
}

/** Says how an engine reads one table; needed by sources that declare `engines`. */
export type JdbcOf<S extends AnySource> = (context: {
  readonly table: string;
  readonly options: OptionsOf<S>;
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}) => JdbcRead;

/** How an engine in the handler's place reads one object in a bucket of Google. */
export type ObjectRead = CsvObject | LinesObject;

/** JSON Lines in UTF-8. */
export interface LinesObject {
  readonly format: 'ndjson';
  /** `gs://bucket/name`. */
  readonly path: string;
}

export interface CsvObject {
  readonly format: 'csv';
  /** `gs://bucket/name`. */
  readonly path: string;
  /** Names of its columns, in their order. */
  readonly names: readonly string[];
  /** Its first line is no row. */
  readonly hasHeader: boolean;
  readonly delimiter: string;
  readonly encoding: 'UTF-8' | 'UTF-16' | 'ISO-8859-1';
  /** Text that stands for NULL, besides an empty cell. */
  readonly nullMarker?: string | undefined;
}

/**
 * Says how an engine reads one object; needed by sources with an `objects` cursor that declare `engines`.
 *
 * @throws fatal `bad-file` for an object that no engine can read
 */
export type ObjectReadOf<S extends AnySource> = (context: {
  readonly table: string;
  readonly origin: string;
  readonly object: ObjectRef;
  readonly options: OptionsOf<S>;
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly columns: readonly Column[];
  readonly http: Http;
  readonly signal: AbortSignal;
}) => Promise<ObjectRead>;
