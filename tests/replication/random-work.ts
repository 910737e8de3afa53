import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceDatabase } from './source-database.ts';
import { large } from './use-source.ts';

/** Numbers from 0 up to 1, the same for the same seed. */
export type Random = () => number;

/** A linear congruential generator with the constants of Numerical Recipes. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Few keys, so that they meet each other often. */
const keys = 40;

/** Statements of one transaction: every kind of change, some of them rolled back. */
export function randomTransaction(random: Random): string[] {
  const statements = Array.from({ length: 1 + Math.floor(random() * 5) }, () => randomChange(random));
  const fate = random();
  if (fate < 0.1) return ['BEGIN', ...statements, 'ROLLBACK'];
  if (fate < 0.25) {
    const lost = randomChange(random);
    return ['BEGIN', ...statements, 'SAVEPOINT s', lost, 'ROLLBACK TO s', randomChange(random), 'COMMIT'];
  }
  return ['BEGIN', ...statements, 'COMMIT'];
}

function randomChange(random: Random): string {
  const table = random() < 0.7 ? 'items' : 'parts';
  const id = Math.floor(random() * keys);
  const other = Math.floor(random() * keys);
  const word = Math.floor(random() * 1e9).toString(36);
  const body = random() < 0.4 ? large(word) : random() < 0.5 ? 'NULL' : `'${word}'`;
  const kind = random();
  if (kind < 0.35)
    return `INSERT INTO ${table} VALUES (${id}, '${word}', ${body}) ON CONFLICT (id) DO UPDATE SET name = excluded.name`;
  if (kind < 0.55) return `UPDATE ${table} SET name = '${word}' WHERE id = ${id}`;
  if (kind < 0.65) return `UPDATE ${table} SET body = ${body} WHERE id = ${id}`;
  if (kind < 0.8)
    return `UPDATE ${table} SET id = ${other} WHERE id = ${id} AND NOT EXISTS (SELECT FROM ${table} WHERE id = ${other})`;
  if (kind < 0.85)
    return [
      [id, -1],
      [other, id],
      [-1, other],
    ]
      .map(([from, to]) => `UPDATE ${table} SET id = ${to} WHERE id = ${from}`)
      .join('; ');
  if (kind < 0.97) return `DELETE FROM ${table} WHERE id = ${id}`;
  return `TRUNCATE ${table}`;
}

/** Changes the source without a pause until it is told to stop; gives the number of transactions. */
export function startWriter(source: SourceDatabase, random: Random): { stop(): Promise<number> } {
  let isStopped = false;
  let done = 0;
  const work = (async () => {
    while (!isStopped) {
      for (const statement of randomTransaction(random)) await source.sql(statement);
      done += 1;
      await sleep(5);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await work;
      return done;
    },
  };
}
