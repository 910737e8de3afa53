import { fatal, isCatchmentError } from '../functions/core/errors.ts';
import type { QueryResult, Warehouse } from '../functions/core/warehouses/warehouse.ts';
import { selectWarehouse } from './select.ts';
import { openTwin } from './twin.ts';

export interface Question {
  readonly root: string;
  readonly stack: string;
  readonly sql: string;
  /** Rows to bring back at most. */
  readonly limit: number;
  /** @default the only one, or the one named `main` */
  readonly warehouse?: string | undefined;
}

export interface Answer {
  readonly result: QueryResult;
  /** Rows there are, with those beyond the limit. */
  readonly total: number;
}

/**
 * Asks a warehouse of a stack.
 *
 * @throws fatal `bad-file` when nothing was loaded yet; fatal `warehouse` for wrong SQL; retryable `warehouse-locked`
 */
export async function askWarehouse({ root, stack, sql, limit, warehouse: name }: Question): Promise<Answer> {
  const twin = await openTwin({ root, stack });
  try {
    const config = selectWarehouse(twin.estate, name);
    const warehouse = await twin.openExisting(config);
    if (warehouse === undefined)
      throw fatal('bad-file', {
        where: `warehouse ${config.name}`,
        what: `nothing was loaded yet: there is no ${'path' in config ? config.path : config.name}`,
        todo: 'run `npx catchment start` first',
      });
    return await ask(warehouse, sql.replace(/[\s;]+$/, ''), limit).catch((error: unknown) => {
      // Wrong SQL is found by the engine, not by the command line: it fails, it is no wrong usage.
      throw isCatchmentError(error) && error.code === 'bad-input' ? fatal('warehouse', error.facts) : error;
    });
  } finally {
    await twin.close();
  }
}

/** Limits inside the engine, so that a large table never comes into memory. */
async function ask(warehouse: Warehouse, sql: string, limit: number): Promise<Answer> {
  let result: QueryResult;
  try {
    result = await warehouse.query(`select * from (${sql}\n) as asked limit ${limit + 1}`);
  } catch {
    // Not a query that can be wrapped, such as DESCRIBE, or wrong: as it was typed, errors point at the right place.
    const { columns, rows } = await warehouse.query(sql);
    return { result: { columns, rows: rows.slice(0, limit) }, total: rows.length };
  }
  const { columns, rows } = result;
  if (rows.length <= limit) return { result, total: rows.length };
  const counted = await warehouse.query(`select count(*) from (${sql}\n) as asked`);
  return { result: { columns, rows: rows.slice(0, limit) }, total: Number(counted.rows[0]?.[0]) };
}
