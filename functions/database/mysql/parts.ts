import { quoteName } from './cells.ts';
import type { MysqlConnection } from './connect.ts';
import type { Relation } from './relation.ts';

/** A connection for fewer rows costs more than it brings. */
const leastRows = 250_000;

/**
 * Conditions that cut a relation into parts for up to `readers` connections, by its primary key. Together they hold each
 * row once; keys that are added meanwhile are in the last part.
 */
export async function cutRelation(
  connection: MysqlConnection,
  { sql, rows = 0, cutBy }: Relation,
  readers: number,
): Promise<readonly (string | undefined)[]> {
  const count = Math.min(readers, Math.floor(rows / leastRows));
  if (count < 2 || cutBy === undefined) return [undefined];
  const key = quoteName(cutBy);
  const [[least = null, most = null] = []] = await connection.rows(
    `SELECT CAST(min(${key}) AS CHAR), CAST(max(${key}) AS CHAR) FROM ${sql}`,
  );
  if (least === null || most === null) return [undefined];
  const start = BigInt(least);
  const width = BigInt(most) - start + 1n;
  const edges = Array.from(
    { length: count - 1 },
    (_, index) => start + (width * BigInt(index + 1)) / BigInt(count),
  );
  return [undefined, ...edges].map((edge, index) => {
    const next = edges[index];
    const bounds = [
      ...(edge === undefined ? [] : [`${key} >= ${edge}`]),
      ...(next === undefined ? [] : [`${key} < ${next}`]),
    ];
    return bounds.join(' AND ');
  });
}
