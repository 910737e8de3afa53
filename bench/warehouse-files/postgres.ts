import { startPostgres } from '../../tests/setup/postgres.ts';
import { type Engine, summed, toCsv, type } from './engine.ts';

const table = 'flights (date timestamp, delay bigint, distance bigint, origin text, destination text)';

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
      { env: { PGPASSWORD: password, PGOPTIONS: '-c client_min_messages=warning' } },
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
        'drop table if exists flights',
        'drop schema if exists loaded cascade',
        'drop schema if exists catchment cascade',
        `create table ${table}`,
      );
      return {
        async load(path, format) {
          if (format === 'ndjson')
            await psql(
              'create unlogged table if not exists lines (line text)',
              'truncate lines',
              `\\copy lines from '${path}' csv quote e'\\x01' delimiter e'\\x02'`,
              `insert into flights select (j->>'date')::timestamp, (j->>'delay')::bigint, (j->>'distance')::bigint,
               j->>'origin', j->>'destination' from (select line::jsonb as j from lines) as parsed`,
            );
          else await psql(`\\copy flights from '${format === 'csv' ? path : await toCsv(path)}' csv header`);
        },
      };
    },
    checksums: () =>
      Promise.all(['flights', 'loaded.flights'].map((name) => psql(`select ${summed} from ${name}`))),
    close: () => server.stop(),
  };
}
