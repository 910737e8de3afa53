import type { DuckDBConnection } from '@duckdb/node-api';
import { backslash, mapCode, toDuckdbSql } from './dialect.ts';
import { Refused, refuse } from './refuse.ts';
import { type ResultRows, readResult } from './results.ts';
import { refuseWrites } from './shared.ts';

/** What a script needs of the emulator. */
export interface ScriptHost {
  readonly project: string;
  readonly connection: DuckDBConnection;
  readonly writes: TableWrites;
  /** Called when a statement has made a table. */
  readonly created: (dataset: string, table: string) => Promise<void>;
  /** Refuses a statement, before it runs. */
  readonly check: (statement: string) => void;
  readonly parameters: ReadonlyMap<string, { readonly type: string; readonly value: string | null }>;
}

/** Who changed which table when: BigQuery cancels a transaction that meets another one on the same table. */
export interface TableWrites {
  clock: number;
  readonly changedAt: Map<string, number>;
  readonly heldBy: Map<string, object>;
}

interface State {
  readonly host: ScriptHost;
  readonly variables: Map<string, { readonly type: string; value: string | null }>;
  rowCount: number | undefined;
  last: ResultRows | undefined;
  transaction: { readonly since: number; readonly changed: Set<string> } | undefined;
}

/** Runs a multi-statement query; an error rolls an open transaction back. Gives the rows of its last statement. */
export async function runScript(
  host: ScriptHost,
  sql: string,
): Promise<{ readonly result: ResultRows; readonly affected: number | undefined }> {
  const state: State = {
    host,
    variables: new Map(),
    rowCount: undefined,
    last: undefined,
    transaction: undefined,
  };
  try {
    const statements = split(sql);
    const isScript = statements.length > 1;
    const first = statements.findIndex((statement) => !statement.startsWith('DECLARE '));
    if (statements.slice(first).some((statement) => statement.startsWith('DECLARE ')))
      refuse('invalidQuery', 'DECLARE must stand at the start of the script');
    await runBlock(state, statements);
    if (isScript && state.transaction !== undefined) await end(state, 'ROLLBACK');
    const affected = isScript ? undefined : state.rowCount;
    return { result: state.last ?? { fields: [], rows: [] }, affected };
  } catch (error) {
    if (state.transaction !== undefined) await end(state, 'ROLLBACK');
    throw worded(error);
  }
}

function worded(error: unknown): Error {
  if (error instanceof Refused) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/Conflict|conflict/.test(text)) return aborted('a table');
  return new Refused('invalidQuery', `Query error: ${text}`);
}

function aborted(table: string): Refused {
  const text = `Query error: Transaction is aborted due to concurrent update against table ${table}. Transaction ID: 0`;
  return new Refused('invalidQuery', text);
}

/** Statements, without their semicolons; `IF … THEN`, `ELSE` and `END IF` are still glued to their neighbours. */
export function split(sql: string): string[] {
  const marked = mapCode(sql, (code) => code.replaceAll(';', '\u0000'));
  return marked
    .split('\u0000')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

async function runBlock(state: State, statements: readonly string[]): Promise<void> {
  let at = 0;
  while (at < statements.length) {
    const statement = statements[at] ?? '';
    if (!statement.startsWith('IF ')) {
      await runStatement(state, statement);
      at += 1;
      continue;
    }
    const end = statements.indexOf('END IF', at);
    if (end < 0) refuse('invalidQuery', 'IF without END IF');
    const head = /^IF (.*?) THEN (.*)$/s.exec(statement);
    if (head === null) return refuse('invalidQuery', `no IF … THEN: ${statement}`);
    const inner = statements.slice(at + 1, end);
    const middle = inner.findIndex((each) => each.startsWith('ELSE '));
    const yes = [head[2] ?? '', ...(middle < 0 ? inner : inner.slice(0, middle))];
    const no = middle < 0 ? [] : inner.slice(middle).map((each) => each.replace(/^ELSE /, ''));
    const isTrue = (await evaluate(state, head[1] ?? '')) === 'true';
    await runBlock(state, isTrue ? yes : no);
    at = end + 1;
  }
}

async function runStatement(state: State, statement: string): Promise<void> {
  const { variables } = state;
  const declare = /^DECLARE (\w+) (\w+)(?: DEFAULT (.+))?$/s.exec(statement);
  if (declare !== null) {
    const value = declare[3] === undefined ? null : await evaluate(state, declare[3]);
    variables.set(declare[1] ?? '', { type: declare[2] ?? '', value });
    return;
  }
  const set = /^SET (\w+) = (.+)$/s.exec(statement);
  if (set !== null) {
    const variable = variables.get(set[1] ?? '');
    if (variable === undefined) return refuse('invalidQuery', `Undeclared variable: ${set[1]}`);
    variable.value = await evaluate(state, set[2] ?? '');
    return;
  }
  const raise = /^RAISE USING MESSAGE = '([^']*)'$/.exec(statement);
  if (raise !== null) return refuse('invalidQuery', `Query error: ${raise[1]} at [1:1]`);
  if (statement === 'BEGIN TRANSACTION') return begin(state);
  if (statement === 'COMMIT TRANSACTION') return end(state, 'COMMIT');
  await runSql(state, statement);
}

async function begin(state: State): Promise<void> {
  if (state.transaction !== undefined) refuse('invalidQuery', 'Nested transactions are not supported');
  await state.host.connection.run('BEGIN TRANSACTION');
  // DuckDB takes its snapshot with the first read.
  await state.host.connection.run('SELECT count(*) FROM information_schema.schemata');
  state.transaction = { since: state.host.writes.clock, changed: new Set() };
}

async function end(state: State, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  const { writes, connection } = state.host;
  const transaction = state.transaction;
  if (transaction === undefined) return refuse('invalidQuery', 'there is no transaction');
  state.transaction = undefined;
  try {
    await connection.run(how);
    if (how === 'COMMIT') {
      writes.clock += 1;
      for (const table of transaction.changed) writes.changedAt.set(table, writes.clock);
    }
  } finally {
    for (const [table, holder] of writes.heldBy) if (holder === transaction) writes.heldBy.delete(table);
  }
}

async function runSql(state: State, statement: string): Promise<void> {
  const { host } = state;
  const verb = (/^[A-Za-z]+/.exec(statement)?.[0] ?? '').toUpperCase();
  if (!['SELECT', 'WITH', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'CREATE'].includes(verb))
    refuse('invalidQuery', `Syntax error: unexpected ${statement.slice(0, 40)}`);
  const isTemp = statement.startsWith('CREATE TEMP TABLE ');
  if (verb === 'CREATE' && !isTemp && state.transaction !== undefined)
    refuse('invalidQuery', 'Transactions do not support DDL statements on permanent tables');
  if ((verb === 'UPDATE' || verb === 'DELETE') && !/ WHERE /.test(statement))
    refuse('invalidQuery', `${verb} must have a WHERE clause`);
  const target = /^(?:UPDATE|DELETE FROM|MERGE INTO|INSERT INTO) `([^`]+)`/.exec(statement)?.[1];
  if (verb !== 'INSERT' && target !== undefined) claim(state, target);
  refuseWrites(host.project, statement);
  host.check(statement);
  const sql = toDuckdbSql(filled(state, statement), host.project);
  if (verb === 'SELECT' || verb === 'WITH') {
    state.last = await readResult(host.connection, sql);
    return;
  }
  const result = await host.connection.run(sql);
  state.last = undefined;
  state.rowCount = verb === 'CREATE' ? undefined : result.rowsChanged;
  const made = /^CREATE TABLE(?: IF NOT EXISTS)? `[^.`]+\.([^.`]+)\.([^.`]+)`/.exec(statement);
  if (made !== null) await host.created(made[1] ?? '', made[2] ?? '');
}

/** Two transactions that change one table clash, whichever rows they touch. */
function claim({ host: { writes }, transaction }: State, table: string): void {
  const isHeld = writes.heldBy.has(table) && writes.heldBy.get(table) !== transaction;
  if (transaction === undefined) {
    // Outside of transactions BigQuery queues such statements; the emulator asks to try again.
    if (isHeld) throw aborted(table);
    writes.clock += 1;
    writes.changedAt.set(table, writes.clock);
    return;
  }
  if (isHeld || (writes.changedAt.get(table) ?? 0) > transaction.since) throw aborted(table);
  writes.heldBy.set(table, transaction);
  transaction.changed.add(table);
}

/** The value of an expression as text. */
async function evaluate(state: State, expression: string): Promise<string | null> {
  const sql = toDuckdbSql(filled(state, `SELECT CAST((${expression}) AS STRING)`), state.host.project);
  const reader = await state.host.connection.runAndReadAll(sql);
  const value = reader.getRows()[0]?.[0];
  return value === null || value === undefined ? null : String(value);
}

/** Parameters, variables and `@@row_count` become typed constants. */
function filled({ host, variables, rowCount }: State, sql: string): string {
  return mapCode(sql, (code) =>
    code
      .replaceAll('@@row_count', () =>
        rowCount === undefined ? refuse('invalidQuery', '@@row_count follows no DML') : String(rowCount),
      )
      .replaceAll(/@(\w+)/g, (_, name: string) => {
        const parameter = host.parameters.get(name);
        if (parameter === undefined) return refuse('invalidQuery', `Query parameter '${name}' not found`);
        return constant(parameter.type, parameter.value);
      })
      .replaceAll(/\bv_\w+\b/g, (name) => {
        const variable = variables.get(name);
        if (variable === undefined) return refuse('invalidQuery', `Unrecognized name: ${name}`);
        return constant(variable.type, variable.value);
      }),
  );
}

function constant(type: string, value: string | null): string {
  return value === null
    ? `CAST(NULL AS ${type})`
    : `CAST('${value.replaceAll("'", "''").replaceAll('\\', backslash)}' AS ${type})`;
}
