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
  /** One call whose answer is no JSON, or whose headers matter: object stores. Sent again as the policy says. */
  send(call: RawCall): Promise<RawReply>;
  /**
   * The bytes of an object, from `from` up to and with `to`; a connection that is cut goes on where it broke off, by
   * `Range`. Name the object's version in the call (`if-match`, a generation), so that it cannot change on the way.
   *
   * @throws retryable `network` when it breaks off again and again
   */
  stream(call: RawCall, range: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
  /** Notes bytes that the vendor charges for, by its own word: they go into the run's `bytes_billed`. */
  charge(bytes: number): void;
}

/** First and last byte, both included, as HTTP counts them. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A request as it is about to be sent: what a signature covers. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface RawCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  /** Relative to the base URL, or a whole URL of a declared host. */
  readonly url: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `google`: a token of the service account this process runs as. @default none */
  readonly auth?: 'google';
  /** More headers, made just before each attempt, since a signature holds the time. */
  readonly sign?: (request: UnsignedRequest, now: Date) => Promise<Readonly<Record<string, string>>>;
  /** Statuses besides 2xx that are handed over. */
  readonly expect?: readonly number[];
  /** The error for an answer that is neither expected nor to be sent again; undefined for the usual one. */
  readonly refuse?: (reply: RawReply) => Error | undefined;
}

export interface RawReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As sent: `content-encoding` is left as it is. */
  readonly bytes: Uint8Array;
}

/** What the network cost one run. */
export interface HttpStats {
  calls: number;
  retries: number;
  /** Body bytes received. */
  bytes: number;
  /** Milliseconds spent waiting for rate limits and backoff. */
  waitedMs: number;
  /** Undefined until the vendor charges for some. */
  bytesBilled?: number;
}
