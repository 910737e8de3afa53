/** A query parameter; arrays and objects are the source's to encode, since vendors differ. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** The account this call counts against, for rate limits per account. */
  readonly account?: string;
}

/**
 * What a source may do on the network. Every call is rate limited, retried and checked by the source's
 * `HttpPolicy`, and refused if its host is not declared.
 */
export interface Http {
  /** The parsed JSON body. Integers beyond 2^53 arrive as `bigint`, everything else as JSON.parse gives it. */
  get(path: string, options?: RequestOptions): Promise<unknown>;
  post(path: string, body: unknown, options?: RequestOptions): Promise<unknown>;
}

/** What the network cost one run. */
export interface HttpStats {
  calls: number;
  retries: number;
  /** Body bytes received. */
  bytes: number;
  /** Milliseconds spent waiting for rate limits and backoff. */
  waitedMs: number;
}
