import type { CatchmentError } from '../../errors.ts';
import { fatal, isCatchmentError, retryable } from '../../errors.ts';

/** What DuckDB says, as an error of the kit. The only place that reads its messages. */
export function duckdbError(error: unknown, path: string): CatchmentError {
  if (isCatchmentError(error)) return error;
  const cause = error;
  const text = (error instanceof Error ? error.message : String(error)).split('\n\n')[0] ?? '';
  if (/Could not set lock on file|Conflicting lock/i.test(text)) {
    const holder = /held in (.+?) \(PID (\d+)\)/.exec(text);
    const by = holder === null ? 'another process' : `process ${holder[2]} (${holder[1]})`;
    return retryable('warehouse-locked', {
      what: `the warehouse file ${path} is in use by ${by}`,
      todo: 'wait until it ends, or stop it; DuckDB lets one process at a time open a file',
      cause,
    });
  }
  if (
    /No space left on device|ENOSPC|disk full|failed to offload|Could not write|File too large|EFBIG|EDQUOT|max_temp_directory_size/i.test(
      text,
    )
  )
    return fatal('disk-full', {
      what: `there is no room left to write ${path} (${text})`,
      todo: 'free some space and run again; nothing of the slice was loaded',
      cause,
    });
  if (
    /not a valid DuckDB database file|file is corrupt|checksum|Serialization Error|newer version of DuckDB|replaying WAL|read enough bytes/i.test(
      text,
    )
  )
    return fatal('warehouse', {
      what: `${path} is not a warehouse file that this version can read (${text})`,
      todo: 'move it away, or point the stack file at another path',
      cause,
    });
  if (
    /Cannot open file|Permission denied|Read-only file system|Is a directory|EACCES|EEXIST|ENOTDIR|EISDIR|EROFS/i.test(
      text,
    )
  )
    return fatal('warehouse', {
      what: `${path} cannot be opened (${text})`,
      todo: 'check the path and its permissions',
      cause,
    });
  if (/Failed to set config|^Out of Memory Error/i.test(text))
    return fatal('warehouse', {
      what: `the memory limit of ${path} is wrong or too small (${text})`,
      todo: 'set "memoryLimit" of the warehouse in the stack file, such as 2GB',
      cause,
    });
  if (conflict.test(text))
    return retryable('warehouse', {
      what: `another connection changed the same rows of ${path} at the same time (${text})`,
      todo: 'run it again',
      cause,
    });
  if (/^FATAL Error|database has been invalidated/i.test(text))
    return fatal('warehouse', {
      what: `DuckDB gave up ${path} (${text})`,
      todo: 'end this process and run again; what was committed is kept',
      cause,
    });
  return fatal('warehouse', { what: `DuckDB: ${text}`, cause });
}

/** True for a transaction that failed only because another one was faster. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && conflict.test(error.message);
}

const conflict = /TransactionContext Error.*conflict|write-write conflict/is;
