import type { DayWindow, WatermarkRange } from '../cursor.ts';
import type { LogTable, ObjectRef } from '../extract.ts';

/** The smallest piece that is read and committed whole, as the planner cut it. */
export interface Slice {
  /** `<table>/<origin>/<window or generation>`: the same work has the same id in every run. */
  readonly id: string;
  /** Declared name of the table. */
  readonly table: string;
  readonly origin: string;
  readonly window?: DayWindow | undefined;
  readonly object?: ObjectRef | undefined;
  /** Of a watermark. */
  readonly range?: WatermarkRange | undefined;
  /** Column that the range is about. */
  readonly field?: string | undefined;
  /** Of a log: where reading begins; undefined for a first run. */
  readonly position?: string | undefined;
  /** Of a log: all tables of its stream. */
  readonly tables?: readonly LogTable<unknown>[] | undefined;
  readonly isResnapshot?: boolean | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}
