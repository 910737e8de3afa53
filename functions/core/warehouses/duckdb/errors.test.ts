import { describe, expect, it } from 'vitest';
import { fatal } from '../../errors.ts';
import { duckdbError, isConflict } from './errors.ts';

const path = '/data/main.duckdb';
const read = (message: string) => {
  const { kind, code, message: text } = duckdbError(new Error(message), path);
  return `${kind} ${code}: ${text}`;
};

/** Messages as DuckDB 1.5.5 writes them; those that tests can provoke are in database.test.ts. */
describe('an error of DuckDB', () => {
  it('that another process holds the file says what to do', () => {
    expect(
      read(
        'IO Error: Could not set lock on file "/data/main.duckdb": Conflicting lock is held in /usr/bin/node (PID 42). See also https://duckdb.org/docs/stable/connect/concurrency',
      ),
    ).toBe(
      'retryable warehouse-locked: the warehouse file /data/main.duckdb is in use by process 42 (/usr/bin/node); ' +
        'wait until it ends, or stop it; DuckDB lets one process at a time open a file',
    );
    expect(read('IO Error: Could not set lock on file "/data/main.duckdb": Resource unavailable')).toContain(
      'is in use by another process;',
    );
  });

  it.each([
    'IO Error: Could not write file "/data/main.duckdb": No space left on device',
    'TransactionContext Error: Failed to commit: Could not write file "/data/main.duckdb.wal": No space left on device',
    "Out of Memory Error: failed to offload data block of size 256.0 KiB (1.0 GiB/1.0 GiB used).\nThis limit was set by the 'max_temp_directory_size' setting.",
  ])('that there is no room is `disk-full`: %s', (message) => {
    expect(read(message)).toMatch(
      /^fatal disk-full: there is no room left to write \/data\/main\.duckdb \(.+\); free some space and run again; nothing of the slice was loaded$/s,
    );
  });

  it('about memory names the setting', () => {
    expect(
      read('Out of Memory Error: could not allocate block of size 256.0 KiB (64.0 MiB/64.0 MiB used)'),
    ).toBe(
      'fatal warehouse: the memory limit of /data/main.duckdb is wrong or too small ' +
        '(Out of Memory Error: could not allocate block of size 256.0 KiB (64.0 MiB/64.0 MiB used)); ' +
        'set "memoryLimit" of the warehouse in the stack file, such as 2GB',
    );
  });

  it('that a transaction was outrun may be tried again', () => {
    const message = 'TransactionContext Error: Conflict on update!';
    expect(isConflict(new Error(message))).toBe(true);
    expect(isConflict(new Error('Constraint Error: NOT NULL constraint failed: items.id'))).toBe(false);
    expect(read(message)).toBe(
      'retryable warehouse: another connection changed the same rows of /data/main.duckdb at the same time ' +
        '(TransactionContext Error: Conflict on update!); run it again',
    );
  });

  it('that ends the database says so', () => {
    expect(
      read(
        'FATAL Error: Failed: database has been invalidated because of a previous fatal error.\n\nStack Trace',
      ),
    ).toBe(
      'fatal warehouse: DuckDB gave up /data/main.duckdb ' +
        '(FATAL Error: Failed: database has been invalidated because of a previous fatal error.); ' +
        'end this process and run again; what was committed is kept',
    );
  });

  it('of any other sort keeps its words and its cause', () => {
    const cause = new Error('Binder Error: no such column');
    const error = duckdbError(cause, path);
    expect([error.kind, error.code, error.message, error.cause]).toEqual([
      'fatal',
      'warehouse',
      'DuckDB: Binder Error: no such column',
      cause,
    ]);
  });

  it('that is the kit’s own already stays as it is', () => {
    const own = fatal('bad-schema', { what: 'is wrong' });
    expect(duckdbError(own, path)).toBe(own);
  });
});
