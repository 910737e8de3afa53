import { expect, it } from 'vitest';
import { renderTable } from './table.ts';

const columns = [{ title: 'table' }, { title: 'rows', align: 'right' }] as const;

it('puts text left and numbers right, with the total under a line', () => {
  const { lines, hidden } = renderTable({
    columns,
    rows: [
      ['vega.flights', '3,000,000'],
      ['vega.cars', '406'],
    ],
    total: ['total', '3,000,406'],
  });
  expect(lines).toEqual([
    'table              rows',
    '────────────  ─────────',
    'vega.flights  3,000,000',
    'vega.cars           406',
    '────────────  ─────────',
    'total         3,000,406',
  ]);
  expect(hidden).toEqual([]);
});

it('cuts text to the width, and never a number', () => {
  const { lines } = renderTable({ columns, rows: [['a table with a long name', '3,000,000']], width: 24 });
  expect(lines).toEqual(['table               rows', '─────────────  ─────────', 'a table with…  3,000,000']);
});

it('leaves out columns from the right when cutting text is not enough', () => {
  const { lines, hidden } = renderTable({
    columns: [...columns, { title: 'note' }, { title: 'more', align: 'right' }],
    rows: [['a table with a long name', '3,000,000', 'a long note', '1']],
    width: 20,
  });
  expect(lines).toEqual(['table           rows', '─────────  ─────────', 'a table …  3,000,000']);
  expect(hidden).toEqual(['note', 'more']);
});

it('shows control characters instead of obeying them', () => {
  const { lines } = renderTable({ columns: [{ title: 'name' }], rows: [['a\nb\u001b[31m\tc']] });
  expect(lines[2]).toBe('a\\nb\\u001b[31m\\tc');
});

it('gives wide characters two columns', () => {
  const { lines } = renderTable({
    columns,
    rows: [
      ['日本', '1'],
      ['e\u0301🎉', '2'],
    ],
  });
  expect(lines.slice(2)).toEqual(['日本      1', 'e\u0301🎉       2']);
});

it('draws the head of a table without rows', () => {
  expect(renderTable({ columns, rows: [] }).lines).toEqual(['table  rows', '─────  ────']);
});
