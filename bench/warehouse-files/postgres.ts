import { startPostgres } from '../../tests/setup/postgres.ts';
import { type Engine, summed, toCsv, type } from './engine.ts';

const columns = `id bigint, customer_id bigint, amount numeric, ratio double precision, is_paid boolean, ordered_on date,
  opens_at time, placed_at timestamp, updated_at timestamptz, status text, title text, notes text, reference text,
  payload jsonb, digest text`;

/** PostgreSQL beside psql. */
export async function openPostgresEngine(): Promise<Engine> {
  const server = await startPostgres({ max_wal_size: '8GB', shared_buffers: '256MB' });
  const { host, port, user, password, database } = server;
  const psql = (...commands: readonly string[]) =>
    type(
      'psql',
      [
        ...[
          '-X',
          '-q',
          '-A',
          '-t',
          '-v',
          'ON_ERROR_STOP=1',
          '-h',
          host,
          '-p',
          String(port),
          '-U',
          user,
          database,
        ],
        ...commands.flatMap((command) => ['-c', command]),
      ],
      { env: { PGPASSWORD: password, PGOPTIONS: '-c client_min_messages=warning -c timezone=UTC' } },
    );
  return {
    name: 'PostgreSQL',
    typed: {
      csv: '\\copy',
      ndjson: '\\copy of lines, then jsonb by SQL',
      parquet: 'DuckDB to csv, then \\copy',
    },
    place: { config: { name: 'main', kind: 'postgres', host, port, database }, secret: { user, password } },
    async prepare() {
      await psql(
        'drop table if exists orders',
        'drop schema if exists loaded cascade',
        'drop schema if exists catchment cascade',
        `create table orders (${columns})`,
      );
      return {
        async load(path, format) {
          if (format === 'ndjson')
            await psql(
              'create unlogged table if not exists lines (line text)',
              'truncate lines',
              `\\copy lines from '${path}' csv quote e'\\x01' delimiter e'\\x02'`,
              // Each line is parsed once.
              `insert into orders select r.* from lines, jsonb_to_record(line::jsonb) as r(${columns})`,
            );
          else await psql(`\\copy orders from '${format === 'csv' ? path : await toCsv(path)}' csv header`);
          return undefined;
        },
      };
    },
    checksums: () =>
      Promise.all(['orders', 'loaded.orders'].map((name) => psql(`select ${summed('length')} from ${name}`))),
    close: () => server.stop(),
  };
}
