import type { CatchmentError, ErrorFacts } from '../../errors.ts';
import { fatal, isCatchmentError, retryable } from '../../errors.ts';

/** The SQLSTATE of what `pg` throws, or the system's code of a socket error. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

/** True when the server refused the rows themselves: values that do not fit, missing ones, damaged bytes. */
export function isBadData(thrown: unknown): boolean {
  return /^(22...|23502|23514)$/.test(codeOf(thrown)) && !isCatchmentError(thrown);
}

/** True for a transaction that failed only because another one was in its way; it may be run again. */
export function isConflict(thrown: unknown): boolean {
  return /^(40001|40P01|55P03)$/.test(codeOf(thrown));
}

/** True when the server or the way to it is gone, so the same call may work later. */
function isGone(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (code !== '')
    return /^(08...|57P0.|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOST\w+|ENET\w+)$/.test(code);
  const text = thrown instanceof Error ? thrown.message : '';
  return /connection terminated|timeout expired|not queryable|connection ended|connection error/i.test(text);
}

type Facts = Omit<ErrorFacts, 'kind' | 'code' | 'what'>;

const meanings: readonly {
  readonly when: RegExp;
  readonly make: (place: string, words: string, facts: Facts) => CatchmentError;
}[] = [
  {
    when: /^28/,
    make: (place, words, facts) =>
      fatal('auth', {
        what: `PostgreSQL at ${place} refuses this login (${words})`,
        todo: "check user and password in the warehouse's secret, and pg_hba.conf",
        ...facts,
      }),
  },
  {
    when: /^3D000$/,
    make: (place, words, facts) =>
      fatal('bad-input', {
        what: `there is no such database at ${place} (${words})`,
        todo: 'correct "database" of the warehouse in the stack file, or create it',
        ...facts,
      }),
  },
  {
    when: /^42501$/,
    make: (place, words, facts) =>
      fatal('warehouse', {
        what: `the user of ${place} lacks a right (${words})`,
        todo: 'grant it CREATE on the database, or USAGE and CREATE on the schemas and ownership of the tables it loads',
        ...facts,
      }),
  },
  {
    when: /^53100$/,
    make: (place, words, facts) =>
      fatal('disk-full', {
        what: `the disk of ${place} is full (${words})`,
        todo: 'free some space and run again; nothing of the slice was loaded',
        ...facts,
      }),
  },
  {
    when: /^53300$/,
    make: (place, words, facts) =>
      retryable('warehouse', {
        what: `${place} has no connection left (${words})`,
        todo: 'run it again later, or raise max_connections',
        ...facts,
      }),
  },
  {
    when: /^(25006|57P03)$/,
    make: (place, words, facts) =>
      retryable('warehouse', {
        what: `${place} takes no writes now (${words})`,
        todo: 'point the stack file at the primary server, or wait until it is one',
        ...facts,
      }),
  },
  {
    when: /^(40...|55P03|57014|53...)$/,
    make: (place, words, facts) =>
      retryable('warehouse', {
        what: `${place} gave up this work (${words})`,
        todo: 'run it again',
        ...facts,
      }),
  },
  {
    when: /^(42P01|3F000)$/,
    make: (place, words, facts) =>
      fatal('warehouse', {
        what: `a table of ${place} is gone (${words})`,
        todo: 'run it again, which creates what is missing; load its earlier rows by a backfill',
        ...facts,
      }),
  },
  {
    when: /^54000$/,
    make: (place, words, facts) =>
      fatal('warehouse', {
        what: `a row exceeds a limit of ${place} (${words})`,
        todo: 'a key of several thousand characters cannot be indexed: drop the index of the table, or shorten the key',
        ...facts,
      }),
  },
  {
    when: /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS)/,
    make: (place, words, facts) =>
      fatal('auth', {
        what: `the certificate of ${place} is not trusted (${words})`,
        todo: 'put its authority as "ca" into the warehouse\'s secret, or set sslMode of the warehouse',
        ...facts,
      }),
  },
];

/** What PostgreSQL or the network says, as an error of the kit. The only place that reads SQLSTATEs for people. */
export function postgresError(thrown: unknown, place: string, where?: string): CatchmentError {
  if (isCatchmentError(thrown)) return thrown;
  const code = codeOf(thrown);
  const words = wordsOf(thrown, code);
  const facts = { where, cause: thrown };
  const meaning = meanings.find(({ when }) => when.test(code));
  if (meaning !== undefined) return meaning.make(place, words, facts);
  if (isGone(thrown))
    return retryable('network', {
      what: `PostgreSQL at ${place} cannot be reached (${words})`,
      todo: 'check that it runs, its host and port; then run it again',
      ...facts,
    });
  if (/does not support SSL/i.test(words))
    return fatal('auth', {
      what: `${place} offers no encryption (${words})`,
      todo: 'switch it on at the server, or set sslMode of the warehouse to disable if the way there is your own',
      ...facts,
    });
  if (isBadData(thrown))
    return fatal('bad-row', { what: `PostgreSQL refuses a value (SQLSTATE ${code})`, ...facts });
  return fatal('warehouse', { what: `PostgreSQL at ${place}: ${words}`, ...facts });
}

/** Words of classes 22 and 23 quote values of rows, so they stay inside. */
function wordsOf(thrown: unknown, code: string): string {
  const inner = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const words = inner instanceof Error && inner.message !== '' ? inner.message : code || String(inner);
  if (/^2[23]/.test(code)) return `SQLSTATE ${code}`;
  return code === '' || words.includes(code) ? words : `${words}, ${code}`;
}
