import { measure } from '../../child.ts';
import { openByHand } from '../../duckdb.ts';
import type { DatabaseLoad } from './load.ts';
import { copyToFile } from './psql.ts';

/** What a person would type: `psql` to a file, then the file into a table. */
await measure<DatabaseLoad>(async (input) => {
  const { connection, close } = await openByHand(input.path);
  return async () => {
    await copyToFile(input, input.csv);
    await connection.run(
      `CREATE TABLE rows AS FROM read_csv('${input.csv}', nullstr='\\N', allow_quoted_nulls=false)`,
    );
    close();
  };
});
