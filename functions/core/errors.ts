/** Whether the same call may succeed later (`retryable`) or needs a person first (`fatal`). */
export type ErrorKind = 'retryable' | 'fatal';

/** What went wrong, as a word that programs may branch on. */
export type ErrorCode =
  | 'bad-input'
  | 'bad-schema'
  | 'bad-file'
  | 'bad-row'
  | 'already-running'
  | 'lease-lost'
  | 'deferred'
  | 'auth'
  | 'host-not-allowed'
  | 'too-large'
  | 'vendor'
  | 'source-setup'
  | 'log-lost'
  | 'network'
  | 'warehouse'
  | 'warehouse-locked'
  | 'disk-full'
  | 'port-taken'
  | 'cancelled'
  | 'internal';

export interface ErrorFacts {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  /** What failed, lower case, no full stop. */
  readonly what: string;
  /** The field of a request, or the argument of a command line, that is at fault. */
  readonly field?: string | undefined;
  /** The pipeline, or `pipeline/group`, or the source it happened in. */
  readonly where?: string | undefined;
  /** The value that was met. Never a secret. */
  readonly got?: unknown;
  /** The values that would have been taken. */
  readonly allowed?: readonly (string | number)[] | string | undefined;
  /** What the reader should do next. */
  readonly todo?: string | undefined;
  readonly cause?: unknown;
  /** When a new attempt makes sense; set on `deferred`. */
  readonly resumeAt?: Date | undefined;
  /** With `deferred`, from those who have no clock: how long from now until a new attempt makes sense. */
  readonly resumeAfterSeconds?: number | undefined;
  /** With `deferred`: only this slice waits, the others of the run go on. @default false */
  readonly isOfSlice?: boolean | undefined;
}

const brand = Symbol.for('catchment.error');

/**
 * The one error of the kit. Its message reads
 * `[pipeline] what failed: got "x"; allowed: a, b; do this`.
 */
export class CatchmentError extends Error {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
  readonly resumeAt: Date | undefined;

  constructor(facts: ErrorFacts) {
    super(sentence(facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'CatchmentError';
    this.kind = facts.kind;
    this.code = facts.code;
    this.facts = facts;
    this.resumeAt = facts.resumeAt;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for errors of this kit, also of another bundle's copy of this class. */
export function isCatchmentError(error: unknown): error is CatchmentError {
  return typeof error === 'object' && error !== null && brand in error;
}

/** Any thrown value as an error of the kit; a stranger becomes `fatal` / `internal`. */
export function asCatchmentError(error: unknown, where?: string): CatchmentError {
  if (isCatchmentError(error)) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new CatchmentError({ kind: 'fatal', code: 'internal', what, where, cause: error });
}

export function fatal(code: ErrorCode, facts: Omit<ErrorFacts, 'kind' | 'code'>): CatchmentError {
  return new CatchmentError({ ...facts, kind: 'fatal', code });
}

export function retryable(code: ErrorCode, facts: Omit<ErrorFacts, 'kind' | 'code'>): CatchmentError {
  return new CatchmentError({ ...facts, kind: 'retryable', code });
}

function sentence({ where, what, got, allowed, todo }: ErrorFacts): string {
  const parts = [got === undefined ? what : `${what}: got ${show(got)}`];
  if (allowed !== undefined)
    parts.push(`allowed: ${typeof allowed === 'string' ? allowed : allowed.join(', ')}`);
  if (todo !== undefined) parts.push(todo);
  const text = parts.join('; ');
  return where === undefined ? text : `[${where}] ${text}`;
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
