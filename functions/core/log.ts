import type { Log } from './extract.ts';
import type { Redactor } from './secrets.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

/** A source's log, and errors. */
export interface ErrorLog extends Log {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface LogOptions {
  /** Lines below it are not written. @default "info" */
  readonly level?: LogLevel | undefined;
  readonly redactor: Redactor;
  /** Takes whole lines, each with its line end. @default stdout */
  readonly destination?: { write(line: string): unknown } | undefined;
  /** Fields of every line, such as the pipeline and the group. */
  readonly bindings?: Readonly<Record<string, unknown>> | undefined;
}

/** pino's levels as Cloud Logging names them: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity */
const severities: Readonly<Record<string, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

/**
 * Structured logs: one JSON object per line with `severity`, `time`, `message` and the fields, as Cloud Logging reads
 * them. Everything is redacted. Errors are written as name, message, stack and causes, `bigint` as text.
 *
 * pino takes 9 ms to load, so it is loaded here and not with the module.
 */
export async function createLog({
  level = 'info',
  redactor,
  destination = process.stdout,
  bindings = {},
}: LogOptions): Promise<ErrorLog> {
  const { pino } = await import('pino');
  const safe = (fields: Readonly<Record<string, unknown>>) =>
    writable(redactor.redactValue(fields), new Set()) as Record<string, unknown>;
  const logger = pino(
    {
      level,
      // Neither process id nor host name: the platform labels lines with its own.
      base: safe(bindings),
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
    },
    { write: (line) => void destination.write(line) },
  );
  const at =
    (write: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Readonly<Record<string, unknown>>, message: string) => {
      if (logger.isLevelEnabled(write)) logger[write](safe(fields), redactor.redact(message));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A copy that JSON can hold: what would throw or come out as `{}` becomes text. */
function writable(value: unknown, around: Set<object>): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (around.has(value)) return '(circular)';
  around.add(value);
  const copy = copyOf(value, around);
  around.delete(value);
  return copy;
}

function copyOf(value: object, around: Set<object>): unknown {
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => writable(item, around));
  const plain =
    value instanceof Error
      ? { name: value.name, message: value.message, stack: value.stack, cause: value.cause, ...facts(value) }
      : value;
  return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, writable(item, around)]));
}

/** What programs look for in an error of the kit. */
function facts(error: Error): Record<string, unknown> {
  const { kind, code } = error as { readonly kind?: unknown; readonly code?: unknown };
  return { kind, code };
}
