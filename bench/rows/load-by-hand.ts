import {
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDateValue,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api';
import { measure } from '../child.ts';
import { openByHand } from '../duckdb.ts';
import { columns, pages } from './pages.ts';

const types: Readonly<Record<string, DuckDBType>> = {
  DATE,
  STRING: VARCHAR,
  INTEGER: BIGINT,
  FLOAT: DOUBLE,
  BOOLEAN,
};

/** DuckDB's appender fed with the same pages column by column, which is its fastest way to take values of JavaScript. */
await measure<{ path: string }>(async ({ path }) => {
  const { connection, close } = await openByHand(path);
  return async () => {
    const columnTypes = columns.map(({ type }) => types[type] ?? VARCHAR);
    const definitions = columns.map(({ name }, index) => `${name} ${columnTypes[index]}`);
    await connection.run(`CREATE TABLE rows (${definitions.join(', ')})`);
    const appender = await connection.createAppender('rows');
    const chunk = DuckDBDataChunk.create(columnTypes);
    for (const page of pages()) {
      chunk.reset();
      chunk.rowCount = page.length;
      chunk.setColumns(columns.map(({ name, type }) => page.map((row) => duckdbValue(row[name], type))));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    close();
  };
});

function duckdbValue(value: unknown, type: string): DuckDBValue {
  if (type === 'DATE') return new DuckDBDateValue(Date.parse(String(value)) / 86_400_000);
  return type === 'INTEGER' && typeof value === 'number' ? BigInt(value) : (value as DuckDBValue);
}
