import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Cursor } from '../../functions/core/cursor.ts';
import { duckdbType } from '../../functions/core/files/types.ts';
import type { Column, ColumnType } from '../../functions/core/schema.ts';
import { columnTypes } from '../../functions/core/schema.ts';
import { possibleWriteModes } from '../../functions/core/source.ts';
import { bareType } from '../../functions/core/warehouses/clickhouse/types.ts';
import { postgresType } from '../../functions/core/warehouses/postgres/types.ts';
import { sqliteType } from '../../functions/core/warehouses/sqlite/types.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/warehouses.md'), 'utf8');

/** Cells of the table whose first heading this is, without marks of code. */
function tableOf(heading: string): string[][] {
  const [, body = ''] = page.split(`| ${heading} |`);
  const [, , ...lines] = body.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '')),
  );
}

const columnOf = (type: ColumnType, mode: Column['mode'] = 'NULLABLE'): Column => ({
  ...{ name: 'c', type, mode },
  ...(type === 'RECORD' ? { fields: [{ name: 'f', type: 'STRING', mode: 'NULLABLE' }] } : {}),
});

it('names the type of each column in each warehouse', () => {
  const rows = columnTypes.map((type) => {
    const column = columnOf(type);
    const duckdb = type === 'RECORD' ? 'STRUCT' : duckdbType(column);
    return [type, duckdb, sqliteType(column), postgresType(column), bareType(column), type];
  });
  const list = columnOf('STRING', 'REPEATED');
  expect(tableOf('schema file')).toEqual([
    ...rows,
    ['any, REPEATED', 'a list', sqliteType(list), postgresType(list), bareType(list), 'REPEATED'],
  ]);
});

it('names the write modes of each way of reading', () => {
  const cursors: readonly Cursor[] = [
    { kind: 'window', lag: 1, lookback: 0, maxSpan: 30 },
    { kind: 'watermark', field: 'at', lookback: 0 },
    { kind: 'snapshot' },
    { kind: 'objects' },
    { kind: 'log' },
  ];
  const modes = ['append', 'merge', 'replace', 'replaceWindow'] as const;
  const table = tableOf('a table is read');
  expect(table.map(([how]) => how?.split(':')[0])).toEqual(cursors.map(({ kind }) => kind));
  for (const [index, cursor] of cursors.entries()) {
    const [, , ...cells] = table[index] ?? [];
    const possible = possibleWriteModes({ key: ['id'], writeMode: 'merge', windowField: 'day', cursor });
    expect(
      modes.filter((_, column) => cells[column] !== 'no'),
      cursor.kind,
    ).toEqual(modes.filter((mode) => possible.includes(mode)));
  }
});
