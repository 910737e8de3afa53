import type { ByteStream } from '../core/bytes.ts';
import type { WatermarkRange } from '../core/cursor.ts';
import type { ExtractContext, ProbeOf, Row } from '../core/extract.ts';
import type { InspectOf } from '../core/inspect.ts';
import type { QueryOffer } from '../core/query-offer.ts';
import type { source } from './source.ts';

export type Context = ExtractContext<typeof source>;

export type ProbeContext = Parameters<ProbeOf<typeof source>>[0];

export type Piece =
  | { readonly bytes: readonly ByteStream[] }
  | { readonly rows: readonly Row[]; readonly total?: number }
  | { readonly query: QueryOffer };

/** What each kind of database can do; its module is loaded when a run meets that kind. */
export interface Database {
  /** The rows of one slice, all of one point in time. */
  read(context: Context): AsyncGenerator<Piece, void, undefined>;
  probe(context: ProbeContext): Promise<readonly WatermarkRange[]>;
  readonly inspect: InspectOf<typeof source>;
}
