/**
 * A stand-in for a vendor: a loopback server (or a folder) that checks what the vendor checks and can be told to
 * misbehave. Every `functions/<source>/sandbox.ts` exports `startSandbox` and `faults`.
 */
export interface Sandbox {
  /** Base URL that replaces the source's `http.baseUrl`; undefined for sources without HTTP. */
  readonly baseUrl: string | undefined;
  /** A valid secret of one group, shaped by the source's `secret`. */
  readonly secret: Readonly<Record<string, unknown>>;
  /** Settings of one group that this sandbox answers to, shaped by the source's `settings`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Entries for the stack file's `tables`, for sources with open tables. */
  readonly tables?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Requests served so far, oldest first, for tests: `GET /path?query`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** The same seed gives the same data. @default 1 */
  readonly seed?: number;
  /** The sandbox's idea of today and of time for its rate limits; injected so that tests decide. @default the wall clock */
  readonly now?: () => Date;
  /** How much data. `small` is for tests, `full` for the twin. @default "small" */
  readonly size?: 'small' | 'full';
  /** One of the names in the module's `faults`. @default none */
  readonly fault?: string;
  /** One of the names in the module's `variants`. @default the first one */
  readonly variant?: string;
  /** @default 0, any free port */
  readonly port?: number;
}

/** A way to misbehave, and what a run against it must end as. */
export interface Fault {
  readonly name: string;
  readonly what: string;
  /** How the run must end: recovered (`succeeded`), or with a clear error. */
  readonly ends: 'succeeded' | 'partial' | 'failed' | 'deferred';
  /** A part of the error message, when it does not end `succeeded`. */
  readonly says?: string;
  /** The variant of the sandbox that has it. @default the first one */
  readonly variant?: string;
}

export interface SandboxModule {
  startSandbox(options?: SandboxOptions): Promise<Sandbox>;
  readonly faults: readonly Fault[];
  /** Names of stand-ins that differ in kind, such as the stores of files. @default there is one, without a name */
  readonly variants?: readonly string[];
}
