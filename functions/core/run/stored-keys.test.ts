import { expect, it } from 'vitest';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import { storedKeys } from './stored-keys.ts';

const column = (name: string, type: Column['type']): Column => ({ name, type, mode: 'NULLABLE' });

function target(...columns: Column[]): TableTarget {
  return {
    ...{ declared: 'items', name: 'items', dataset: 'shop', schema: 'postgres-replication/items' },
    ...{ columns, key: columns.map(({ name }) => name), writeMode: 'merge', cursor: { kind: 'log' } },
  } as TableTarget;
}

/** Only what asks it: notes its statements, and has the rows that it is given. */
function asked(kind: Warehouse['kind'], rows: readonly (readonly unknown[])[]) {
  const statements: string[] = [];
  const query = async (sql: string) => {
    statements.push(sql);
    return { columns: [], rows };
  };
  return { warehouse: { kind, query } as unknown as Warehouse, statements };
}

it('knows a key again, however the source writes its numbers', async () => {
  const items = target(column('id', 'STRING'), column('part', 'NUMERIC'));
  const { warehouse } = asked('duckdb', [[1]]);
  const wanted = [
    { id: 'a', part: '2' },
    { id: 'a', part: '1.50' },
    { id: 'a', part: '1.5' },
  ];
  const found = await storedKeys(warehouse, items, wanted);
  expect(wanted.map((row) => found?.has(row))).toEqual([false, true, true]);
});

it('asks in several queries when there are many keys, and not for what no column can hold', async () => {
  const { warehouse, statements } = asked('duckdb', [[0]]);
  const rows = Array.from({ length: 1_000 }, (_, id) => ({ id }));
  const found = await storedKeys(warehouse, target(column('id', 'INTEGER')), [...rows, { id: 'x' }]);
  expect(statements).toHaveLength(3);
  expect(rows.filter((row) => found?.has(row))).toEqual([{ id: 0 }, { id: 400 }, { id: 800 }]);
  expect(found?.has({ id: 'x' })).toBe(false);
});

it.each([
  ['duckdb', String.raw`'it''s a\b'`],
  ['postgres', String.raw`'it''s a\b'`],
  ['sqlite', String.raw`'it''s a\b'`],
  ['clickhouse', String.raw`'it\'s a\\b'`],
  ['bigquery', String.raw`'it\'s a\\b'`],
] as const)('writes a text as %s reads it, and NULL as what it is', async (kind, literal) => {
  const { warehouse, statements } = asked(kind, []);
  await storedKeys(warehouse, target(column('id', 'STRING')), [{ id: String.raw`it's a\b` }, { id: null }]);
  expect(statements).toHaveLength(1);
  const name = kind === 'bigquery' ? '`id`' : '"id"';
  expect(statements[0]?.split(' WHERE ')[1]).toBe(`(${name} = ${literal}) OR (${name} IS NULL)`);
});

it('says nothing of keys that are JSON', async () => {
  const { warehouse, statements } = asked('duckdb', []);
  const found = await storedKeys(warehouse, target(column('at', 'JSON')), [{ at: '1' }]);
  expect([found, statements]).toEqual([undefined, []]);
});
