import type { JdbcOf } from '../core/engine-read.ts';
import { fatal } from '../core/errors.ts';
import type { Column } from '../core/schema.ts';
import { parseTableName } from './names.ts';
import { type DatabaseSettings, type source, sslModeOf } from './source.ts';

/**
 * One table as an engine reads it by JDBC.
 *
 * @throws fatal `bad-input` for BigQuery, which needs no engine, and for a certificate authority of the server's own, which
 *   the template cannot be given
 */
export const jdbc: JdbcOf<typeof source> = ({ table, options, settings, secret, columns, key }) => {
  const { kind } = settings;
  if (kind === 'bigquery')
    throw fatal('bad-input', {
      where: table,
      what: 'engine dataflow reads no BigQuery tables',
      todo: 'leave the engine out: BigQuery copies its tables itself',
    });
  if (secret.ca !== undefined)
    throw fatal('bad-input', {
      where: table,
      what: 'engine dataflow cannot be given the certificate authority in the secret',
      todo: 'use a server with a public certificate, or leave the engine out',
    });
  if (secret.user === undefined)
    throw fatal('bad-input', { where: table, what: 'the secret holds no user', todo: 'store it again' });
  const quote = kind === 'postgres' ? '"' : '`';
  const wrap = (name: string) => `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
  const wanted = columns.filter(({ name }) => options.columns?.includes(name) ?? true);
  const list = wanted.map(({ name, sourceName = name }) => `${wrap(sourceName)} as ${wrap(name)}`).join(', ');
  const from =
    options.from === undefined
      ? `(${options.query}) as asked`
      : parseTableName(options.from, quote, 2, table).map(wrap).join('.');
  return {
    driver: kind === 'postgres' ? 'postgres' : 'mariadb',
    url: urlOf(settings),
    user: secret.user,
    query: `select ${list} from ${from}`,
    partitionColumn: partitionOf(key, columns),
  };
};

function urlOf({ kind, host, port, database, ...settings }: DatabaseSettings): string {
  const mode = sslModeOf({ kind, host, port, database, ...settings });
  if (kind === 'postgres') {
    const ssl =
      mode === 'verify-full'
        ? 'sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory'
        : `sslmode=${mode}`;
    return `jdbc:postgresql://${host}:${port ?? 5432}/${database}?${ssl}`;
  }
  const modes = { 'verify-full': 'verify-full', require: 'trust', disable: 'disable' } as const;
  return `jdbc:mariadb://${host}:${port ?? 3306}/${database}?sslMode=${modes[mode]}`;
}

/** A key that is one whole number can be read in ranges. */
function partitionOf(key: readonly string[], columns: readonly Column[]): string | undefined {
  const [only, ...others] = key;
  const column = columns.find(({ name }) => name === only);
  return others.length === 0 && column?.type === 'INTEGER' ? only : undefined;
}
