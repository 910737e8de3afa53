import { Buffer } from 'node:buffer';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { NotPlain } from '../../files/not-plain.ts';
import { column } from '../conformance/bench.ts';
import { applyChangeset, createChangeset } from './changeset.ts';
import { statementsOf } from './database.ts';
import { rowTaker, stageRows } from './row-taker.ts';
import { takenAt } from './write-rows.ts';

/** Writes records, whose first cells are named by `order`, into a table of id, name, `_origin` and `_extra`. */
function rowsOf(order: readonly string[], records: readonly (readonly (string | null)[])[]) {
  const sql = statementsOf(new DatabaseSync(':memory:'));
  sql.run('CREATE TABLE t (id INTEGER, name TEXT, _origin TEXT, _extra TEXT)');
  const rows = stageRows(createChangeset('t', 4, 1), (row) => applyChangeset(sql, row.take()));
  const columns = [column('id', 'INTEGER', 'REQUIRED'), column('name', 'STRING')];
  const taker = rowTaker(
    rows,
    columns.map((each) => takenAt(each, order.indexOf(each.name))),
    'here',
  );
  for (const record of records) {
    for (const [index, cell] of record.entries()) {
      const bytes = Buffer.from(cell ?? '');
      if (cell === null) taker.none(index);
      else taker.cell(index, bytes, 0, bytes.length);
    }
    taker.endRecord();
  }
  rows.flush();
  return sql.rows('SELECT * FROM t ORDER BY rowid');
}

it.each([[['id', 'name']], [['name', 'id']]])('writes records of %s as rows of the table', (order) => {
  const record = (id: string, name: string | null) => (order[0] === 'id' ? [id, name] : [name, id]);
  expect(rowsOf(order, [record('1', 'Läufer'), record('2', null), record('3', '')])).toEqual([
    [1n, 'Läufer', 'here', null],
    [2n, null, 'here', null],
    [3n, '', 'here', null],
  ]);
});

it('leaves NULL what a record does not have', () => {
  expect(rowsOf(['id'], [['1']])).toEqual([[1n, null, 'here', null]]);
});

it.each([
  [
    ['id', 'name'],
    [null, 'x'],
  ],
  [
    ['name', 'id'],
    ['x', null],
  ],
  [['name'], ['x']],
])('refuses a record of %s without a REQUIRED cell', (order, record) => {
  expect(() => rowsOf(order, [record])).toThrow(NotPlain);
});
