import { measure } from '../child.ts';
import { openByHand } from '../duckdb.ts';

/** The statement that a person would type. */
await measure<{ readonly path: string; readonly typed: string }>(async ({ path, typed }) => {
  const { connection, close } = await openByHand(path);
  return async () => {
    await connection.run(`CREATE TABLE orders AS FROM ${typed}`);
    close();
  };
});
