import { DuckDBInstance } from '@duckdb/node-api';

/** `to-csv.ts <file.parquet>`: writes `<file.parquet>.csv` and prints its name. */
const path = String(process.argv[2]);
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(`SET TimeZone = 'UTC'; COPY (FROM read_parquet('${path}')) TO '${path}.csv' (HEADER)`);
console.log(`${path}.csv`);
