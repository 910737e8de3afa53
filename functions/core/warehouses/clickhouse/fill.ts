import { fatal, isCatchmentError } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Clickhouse } from './client.ts';
import { refusalOf } from './errors.ts';
import { ident, literal, names } from './names.ts';
import { clickhouseType } from './types.ts';

export interface Filling {
  readonly clickhouse: Clickhouse;
  readonly target: TableTarget;
  readonly origin: string;
  /** The stage as SQL. */
  readonly into: string;
  /** `_copy` of its rows. */
  readonly copy: bigint;
}

/**
 * Takes the rows of a query into a stage; tables in it are read without rows that were replaced or deleted.
 *
 * @returns rows taken
 * @throws fatal `bad-input` with ClickHouse's words when the query fails
 */
export async function fillStage(filling: Filling, query: string): Promise<number> {
  const { clickhouse, target, origin, into, copy } = filling;
  const where = `${target.dataset}.${target.name}`;
  const columns = target.columns.map(({ name }) => name);
  const values = target.columns.map((column) => `CAST(${ident(column.name)} AS ${clickhouseType(column)})`);
  const own = [literal(origin), `toUInt128('${copy}')`, 'rowNumberInAllBlocks()'];
  try {
    await clickhouse.run({
      what: `the query of ${where}`,
      sql:
        `INSERT INTO ${into} (${names([...columns, '_origin', '_copy', '_row'])}) ` +
        `SELECT ${[...values, ...own].join(', ')} FROM (${query}\n)`,
      settings: { final: 1, max_insert_threads: 1 },
    });
  } catch (error) {
    if (refusalOf(error) === undefined || !isCatchmentError(error)) throw error;
    if (error.kind === 'retryable' || error.code === 'auth' || error.code === 'disk-full') throw error;
    throw fatal('bad-input', { where, what: error.facts.what, todo: 'mend the SQL', cause: error });
  }
  const [rows = 0] = await clickhouse.numbers({
    what: `counting rows for ${where}`,
    sql: `SELECT count() FROM ${into} WHERE _copy = toUInt128('${copy}')`,
  });
  return rows;
}
