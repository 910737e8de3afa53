import { startClickhouse } from '../../tests/setup/clickhouse.ts';
import { type Engine, summed, type } from './engine.ts';

const formats = { csv: 'CSVWithNames', ndjson: 'JSONEachRow', parquet: 'Parquet' } as const;

/** ClickHouse beside curl. */
export async function openClickhouseEngine(): Promise<Engine> {
  const server = await startClickhouse();
  const { url, user, password } = server;
  return {
    name: 'ClickHouse',
    typed: { csv: 'curl', ndjson: 'curl', parquet: 'curl' },
    place: { config: { name: 'main', kind: 'clickhouse', url }, secret: { user, password } },
    async prepare() {
      await server.run('DROP DATABASE IF EXISTS loaded');
      await server.run('DROP DATABASE IF EXISTS catchment');
      await server.run('CREATE DATABASE IF NOT EXISTS by_hand');
      await server.run('DROP TABLE IF EXISTS by_hand.orders');
      await server.run(`CREATE TABLE by_hand.orders (id Int64, customer_id Nullable(Int64), amount Nullable(Decimal(38, 9)),
        ratio Nullable(Float64), is_paid Nullable(Bool), ordered_on Nullable(Date32), opens_at Nullable(String),
        placed_at Nullable(DateTime64(6, 'UTC')), updated_at Nullable(DateTime64(6, 'UTC')), status Nullable(String),
        title Nullable(String), notes Nullable(String), reference Nullable(String), payload Nullable(String),
        digest Nullable(String)) ENGINE = MergeTree ORDER BY tuple()`);
      return {
        async load(path, format) {
          const query = encodeURIComponent(
            `INSERT INTO by_hand.orders FORMAT ${formats[format as keyof typeof formats]}`,
          );
          const settings = 'date_time_input_format=best_effort&input_format_csv_trim_whitespaces=0';
          await type('curl', [
            ...[
              '-sS',
              '--fail-with-body',
              '-H',
              `X-ClickHouse-User: ${user}`,
              '-H',
              `X-ClickHouse-Key: ${password}`,
            ],
            ...['--data-binary', `@${path}`, `${url}/?${settings}&query=${query}`],
          ]);
          return undefined;
        },
      };
    },
    checksums: () =>
      Promise.all(
        ['by_hand.orders', 'loaded.orders'].map((name) =>
          server.run(
            `SELECT ${summed('lengthUTF8').replaceAll('(opens_at)', "(extract(opens_at, '..:..:..'))")} FROM ${name}`,
          ),
        ),
      ),
    close: () => server.stop(),
  };
}
