export type Engine =
  | 'clickhouse'
  | 'azurite'
  | 'bigqueryClient'
  | 'postgres'
  | 'mariadb'
  | 'sqlite3'
  | 'pgbouncer';

/** The variable in which `install.ts` tells the test files what is missing: JSON, reasons by engine. */
export const whyUnavailable = 'CATCHMENT_TEST_ENGINES_MISSING';

/**
 * Why an engine cannot be had on this machine; undefined when it is there. A suite that needs it skips itself with the
 * reason: `it.skipIf(...)` or `context.skip(reason)`. On CI the run has ended before, so nothing is skipped there.
 */
export function unavailable(engine: Engine): string | undefined {
  const missing = JSON.parse(process.env[whyUnavailable] ?? '{}') as Partial<Record<Engine, string>>;
  return missing[engine];
}
