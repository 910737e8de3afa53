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

it('knows a key again, however the warehouse writes its numbers', async () => {
  const items = target(column('id', 'STRING'), column('part', 'NUMERIC'));
  const { warehouse } = asked('duckdb', [['a', '1.500000000']]);
  const wanted = [
    { id: 'a', part: '1.50' },
    { id: 'a', part: '2' },
  ];
  const found = await storedKeys(warehouse, items, wanted);
  expect(wanted.map((row) => found?.has(row))).toEqual([true, false]);
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

it('says nothing of keys whose type is not written alike everywhere', async () => {
  const { warehouse, statements } = asked('duckdb', []);
  const found = await storedKeys(warehouse, target(column('at', 'TIMESTAMP')), [{ at: '2026-11-01' }]);
  expect([found, statements]).toEqual([undefined, []]);
});
