import { DuckDBInstance } from '@duckdb/node-api';

/** Both sides get the memory that the embedded warehouse has by default. */
export const memoryLimit = '512MB';

/** Opens a file the way a person would, but for the memory. */
export async function openByHand(path: string) {
  const instance = await DuckDBInstance.create(path, { memory_limit: memoryLimit });
  const connection = await instance.connect();
  return {
    connection,
    close() {
      connection.closeSync();
      // Writes the log into the file.
      instance.closeSync();
    },
  };
}

/** Number of rows and a sum over their values, which is the same in any order. */
export async function fingerprint(path: string, table: string, values: string) {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::DOUBLE, sum(hash(${values})::HUGEINT)::VARCHAR FROM ${table}`,
  );
  const [[rows, sum] = []] = reader.getRows();
  connection.closeSync();
  instance.closeSync();
  return { rows: Number(rows), sum: String(sum) };
}
