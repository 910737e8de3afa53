import type { z } from 'zod';
import type { Cursor, WriteMode } from './cursor.ts';
import { fatal } from './errors.ts';
import type { HttpPolicy } from './http/policy.ts';

/** One output table of a source. Its columns are `schemas/<source>/<table>.json`. */
export interface TableDeclaration {
  /** Columns that identify a row: every dimension asked for. Empty only for `append` and `replace`. */
  readonly key: readonly string[];
  readonly writeMode: WriteMode;
  readonly cursor: Cursor;
  /**
   * DATE, DATETIME or TIMESTAMP column that the cursor's window is about, whole days of it (of a TIMESTAMP in UTC);
   * required for `replaceWindow` with a window cursor.
   */
  readonly windowField?: string;
  /** Column to partition by (DATE or TIMESTAMP, by day). @default windowField, if any */
  readonly partitionBy?: string;
  /** Columns to cluster by, at most four (BigQuery's limit). */
  readonly clusterBy?: readonly string[];
}

/** For sources whose tables are named in the stack file (files, databases): the shape of one entry there. */
export interface OpenTables<Options extends z.ZodObject = z.ZodObject> {
  /** Settings of one table in the stack file, beside `schema`, `key` and `writeMode`. */
  readonly options: Options;
  /** What a table is unless its entry says otherwise. */
  readonly defaults: TableDeclaration;
  /** True when an entry may name a `watermark` column (and a `lookback`), which makes its cursor one. @default false */
  readonly watermarks?: boolean;
}

/** A role on what a group's setting names. */
export interface SourceGrant {
  readonly role: `roles/${string}`;
  readonly on: 'project' | 'bucket';
  /**
   * Setting with a project id, or with the `gs://` URL of a bucket; dots lead into it. A group without it, or with another
   * place in it, needs no role.
   */
  readonly setting: string;
}

export type Tables = Readonly<Record<string, TableDeclaration>>;

export interface SourceDeclaration<
  T extends Tables = Tables,
  Secret extends z.ZodObject = z.ZodObject,
  Settings extends z.ZodObject = z.ZodObject,
  Open extends OpenTables | undefined = OpenTables | undefined,
> {
  /** For people. */
  readonly title: string;
  /** The vendor's documentation. */
  readonly docs: string;
  /**
   * Host names this source may talk to; empty for none. `*.example.com` stands for all names below it, `{region}` for what
   * the group's setting `region` says: text, or a URL, of which the host counts.
   */
  readonly hosts: readonly string[];
  readonly runsOn: 'function' | 'job';
  /** Engines that can move its rows in the handler's place; they read the source's `jdbc` or `objectRead`. @default none */
  readonly engines?: readonly 'dataflow'[];
  /** What its engines can read of what a stack file may say otherwise. @default all of it */
  readonly engineShapes?: { readonly settings?: z.ZodType; readonly options?: z.ZodType };
  /** Shape of one group's secret (a JSON object). An empty shape means: no secret. */
  readonly secret: Secret;
  /** Shape of one group's settings in the stack file. */
  readonly settings: Settings;
  /** The setting that lists the accounts; each gets slices of its own. Without it a group is one account. */
  readonly accounts?: Extract<keyof z.output<Settings>, string>;
  readonly http?: HttpPolicy;
  /** Roles that the pipeline's account needs to read the source, where it is in Google Cloud. */
  readonly grants?: readonly SourceGrant[];
  /** Used when the stack file names none. */
  readonly schedule: { readonly cron: string; readonly timeZone: string };
  readonly tables: T;
  readonly openTables?: Open;
}

export type AnySource = SourceDeclaration<Tables, z.ZodObject, z.ZodObject, OpenTables | undefined>;

/**
 * Declares a source: data only, no code that runs. The same value types the extractor, validates the stack file
 * and computes the cloud resources.
 *
 * @throws a fatal `bad-input` error when the declaration contradicts itself
 */
export function defineSource<
  const T extends Tables,
  Secret extends z.ZodObject,
  Settings extends z.ZodObject,
  const Open extends OpenTables | undefined = undefined,
>(declaration: SourceDeclaration<T, Secret, Settings, Open>): SourceDeclaration<T, Secret, Settings, Open> {
  for (const [name, table] of Object.entries(declaration.tables)) checkTable(declaration.title, name, table);
  return deepFreeze(declaration);
}

/** Refuses write modes that their cursor or key cannot carry out exactly once. */
export function checkTable(where: string, name: string, table: TableDeclaration): void {
  const refuse = (what: string, todo: string) => {
    throw fatal('bad-input', { where, what: `table "${name}" ${what}`, todo });
  };
  const { writeMode, cursor, key } = table;
  if (writeMode === 'merge' && key.length === 0) refuse('merges without a key', 'name its key columns');
  if (writeMode === 'replace' && cursor.kind === 'window')
    refuse('would be replaced by each window', 'use replaceWindow, or a snapshot cursor');
  if (writeMode === 'replaceWindow' && cursor.kind === 'window' && table.windowField === undefined)
    refuse(
      'replaces windows without a windowField',
      'name the DATE, DATETIME or TIMESTAMP column of the window',
    );
  if (writeMode === 'replaceWindow' && cursor.kind === 'snapshot')
    refuse('has no window to replace', 'use replace or merge');
  if (cursor.kind === 'watermark' && (writeMode === 'replace' || writeMode === 'replaceWindow'))
    refuse('has a watermark, so each run reads a part of it', 'use merge or append');
  if (cursor.kind === 'watermark' && writeMode === 'append' && cursor.lookback > 0)
    refuse('appends rows that are read again', 'set lookback to 0, or name a key and use merge');
  if (cursor.kind === 'log' && key.length === 0)
    refuse('replays changes without a key', 'name its key columns');
  if (cursor.kind === 'log' && writeMode !== 'merge') refuse('replays changes', 'use writeMode merge');
  if (writeMode === 'append' && cursor.kind === 'window' && cursor.lookback > 0)
    refuse('appends days that are read again', 'set lookback to 0, or use merge or replaceWindow');
  if ((table.clusterBy?.length ?? 0) > 4)
    refuse('clusters by more than 4 columns', 'keep the first 4 (BigQuery limit)');
}

/** Write modes that a table can carry out for a run that names one. */
export function possibleWriteModes(table: TableDeclaration): WriteMode[] {
  if (table.cursor.kind === 'log') return ['merge'];
  const modes: WriteMode[] = ['append'];
  if (table.key.length > 0) modes.push('merge');
  if (table.cursor.kind === 'snapshot' || table.cursor.kind === 'objects') modes.push('replace');
  const isWindow = table.cursor.kind === 'window' && table.windowField !== undefined;
  if (isWindow || table.cursor.kind === 'objects') modes.push('replaceWindow');
  return modes;
}

function deepFreeze<V>(value: V): V {
  const isPlain =
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value));
  if (isPlain && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value as object)) deepFreeze(inner);
  }
  return value;
}
