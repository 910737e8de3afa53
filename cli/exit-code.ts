import type { CatchmentError } from '../functions/core/errors.ts';

/** What the process tells its caller; 64 and 75 are `EX_USAGE` and `EX_TEMPFAIL` of sysexits.h. */
export const exitCode = { ok: 0, failed: 1, usage: 64, later: 75, interrupted: 130 } as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The part of every `--help` that says what the codes mean. */
export const exitCodeHelp = `
Exit codes:
  0    done
  1    failed, or done only in part
  64   wrong usage or a wrong stack file; nothing was started
  75   not now: already running, file locked, rate limited; the same command may work later
  130  interrupted
`;

export function exitCodeOf(error: CatchmentError): ExitCode {
  if (error.code === 'cancelled') return exitCode.interrupted;
  if (error.kind === 'retryable' || error.code === 'warehouse-locked') return exitCode.later;
  return error.code === 'bad-input' ? exitCode.usage : exitCode.failed;
}
