import { measure } from '../child.ts';
import { openByHand } from '../duckdb.ts';
import type { FileLoad } from './load.ts';

/** The statement that a person would type. */
await measure<FileLoad>(async ({ path, typed }) => {
  const { connection, close } = await openByHand(path);
  return async () => {
    await connection.run(`CREATE TABLE flights AS FROM ${typed}`);
    close();
  };
});
