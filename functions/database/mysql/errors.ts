import type { CatchmentError } from '../../core/errors.ts';
import { fatal, isCatchmentError, retryable } from '../../core/errors.ts';
import { connectionError, firstLine, placeText } from '../errors.ts';
import type { MysqlPlace } from './connect.ts';

/** What the driver throws: an error of the server (with its number), or of the network. */
interface Thrown extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlMessage?: string;
}

/** Any error of the driver as one that says what to do. https://mariadb.com/kb/en/mariadb-error-codes/ */
export function mysqlError(thrown: unknown, place: MysqlPlace): CatchmentError {
  if (isCatchmentError(thrown)) return thrown;
  const cause = thrown as Thrown;
  const where = place.table;
  const said = firstLine(cause.sqlMessage ?? cause.message);
  const { host = '', database = '' } = place.settings;
  const at = placeText(place.settings, 3306);
  const facts = { where, cause };
  switch (cause.errno) {
    case 1045: // access denied for the user
    case 1698:
    case 1130: // this address may not connect
      return fatal('auth', {
        ...facts,
        what: `${at} refuses the login of the secret's user (${said})`,
        todo: 'correct user and password in the secret, or let the user connect from this address',
      });
    case 1049:
      return fatal('bad-input', {
        ...facts,
        what: `there is no such database on ${host}`,
        got: database,
        todo: 'correct `database` of the group in the stack file',
      });
    case 1044: // database
    case 1142: // table
    case 1143: // column
    case 1227: // a privilege
      return fatal('vendor', {
        ...facts,
        what: `the secret's user may not read it (${said})`,
        todo: `GRANT SELECT ON ${database}.* TO that user`,
      });
    case 1146:
    case 1051:
      return fatal('bad-input', {
        ...facts,
        what: `the table is not there (${said})`,
        todo: 'was it dropped or renamed, correct `from` in the stack file; what is loaded stays',
      });
    case 1054:
      return fatal('bad-schema', {
        ...facts,
        what: `a column is not there (${said})`,
        todo: 'compare the schema file with the table: npx catchment schema infer',
      });
    case 1969: // MariaDB's max_statement_time
    case 3024: // MySQL's max_execution_time
    case 1317: // killed
      return retryable('vendor', {
        ...facts,
        what: `the server cancelled the query (${said})`,
        todo: 'raise statementTimeoutSeconds of the group, or put an index on the watermark column',
      });
    case 1153:
    case 1162:
    case 1301:
      return fatal('vendor', {
        ...facts,
        what: `a value is larger than the server sends (${said})`,
        todo: 'raise max_allowed_packet of the server, or leave the column out of `columns`',
      });
    case 1205:
    case 1213:
    case 1412: // the table was altered after the snapshot was taken
      return retryable('vendor', {
        ...facts,
        what: `the server gave up the transaction (${said})`,
        todo: 'nothing of this slice was loaded; the next run reads it again',
      });
    case 1040:
    case 1053:
    case 1077:
    case 1927:
      return retryable('network', {
        ...facts,
        what: `${at} ended the connection (${said})`,
        todo: 'nothing of this slice was loaded; run it again when the server is up',
      });
    default:
      break;
  }
  // A socket's error has a number too, which is the system's own and negative.
  if (cause.errno !== undefined && cause.errno > 0)
    return fatal('vendor', {
      ...facts,
      what: `the server refuses the query (${said}, ${cause.errno})`,
      todo: 'correct `from` or `query` of the table in the stack file',
    });
  return connectionError(cause, { where, at, host });
}
