import type { CatchmentError } from '../../errors.ts';
import { fatal, isCatchmentError, retryable } from '../../errors.ts';

/** https://sqlite.org/rescode.html, the primary codes */
const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
} as const;

/** What SQLite says, as an error of the kit. The only place that reads its codes. */
export function sqliteError(error: unknown, path: string): CatchmentError {
  if (isCatchmentError(error)) return error;
  const cause = error;
  const text = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case codes.busy:
    case codes.locked:
      return retryable('warehouse-locked', {
        what: `the warehouse file ${path} is being written by another process (${text})`,
        todo: 'run it again when that one has ended',
        cause,
      });
    case codes.full:
      return fatal('disk-full', {
        what: `there is no room left to write ${path} (${text})`,
        todo: 'free some space and run again; nothing of the slice was loaded',
        cause,
      });
    case codes.corrupt:
    case codes.notDatabase:
      return fatal('warehouse', {
        what: `${path} is not a warehouse file that SQLite can read (${text})`,
        todo: 'move it away, or point the stack file at another path',
        cause,
      });
    case codes.readOnly:
    case codes.cannotOpen:
    case codes.io:
      return fatal('warehouse', {
        what: `${path} cannot be opened or written (${text})`,
        todo: 'check the path, its permissions and its disk',
        cause,
      });
    default:
      return fatal('warehouse', { what: `SQLite: ${text}`, cause });
  }
}

/** The primary result code; an extended one holds it in its last byte. */
export function codeOf(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
