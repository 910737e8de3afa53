import { Buffer } from 'node:buffer';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { Changeset } from './changeset.ts';
import { applyChangeset, createChangeset } from './changeset.ts';
import { statementsOf } from './database.ts';

/** A table in memory, filled by changesets. */
function open(columns: string, rowId = 1) {
  const sql = statementsOf(new DatabaseSync(':memory:'));
  sql.run(`CREATE TABLE "a 'b'" (${columns})`);
  const rows = createChangeset("a 'b'", columns.split(',').length, rowId);
  return { sql, rows, all: (what: string) => sql.rows(`SELECT ${what} FROM "a 'b'" ORDER BY rowid`) };
}

function text(rows: Changeset, value: string) {
  const bytes = Buffer.from(`<${value}>`);
  rows.text(bytes, 1, bytes.length - 1);
}

it('keeps every kind of cell', () => {
  const { sql, rows, all } = open('id INTEGER, ratio REAL, name TEXT, flag BOOLEAN, raw BLOB, more TEXT');
  rows.begin();
  text(rows, '9223372036854775807');
  rows.float(Number.NEGATIVE_INFINITY);
  text(rows, 'Läufer 🛰');
  rows.integer(-1);
  rows.hex(Buffer.from('x00ff7f'), 1, 7);
  rows.nothing();
  rows.begin();
  text(rows, '-12');
  text(rows, '1.5e3');
  text(rows, '');
  rows.integer(2 ** 31 - 1);
  rows.hex(Buffer.from(''), 0, 0);
  text(rows, '12');
  applyChangeset(sql, rows.take());
  expect(all('*')).toEqual([
    [9223372036854775807n, Number.NEGATIVE_INFINITY, 'Läufer 🛰', -1n, Uint8Array.of(0, 255, 127), null],
    [-12n, 1500, '', 2n ** 31n - 1n, new Uint8Array(0), '12'],
  ]);
});

it.each([0, 1, 47, 48, 127, 128, 16_383, 16_384, 2 ** 20, 2 ** 21 + 1])(
  'keeps a text of %i bytes',
  (length) => {
    const { sql, rows, all } = open('name TEXT, next TEXT');
    rows.begin();
    text(rows, 'x'.repeat(length));
    text(rows, 'next');
    applyChangeset(sql, rows.take());
    expect(all('length(name), next')).toEqual([[BigInt(length), 'next']]);
  },
);

it('counts rows on from the first id, over the changesets that were taken', () => {
  const { sql, rows, all } = open('name TEXT', 2 ** 33);
  for (const names of [['a', 'b'], ['c']]) {
    for (const name of names) {
      rows.begin();
      text(rows, name);
    }
    expect(rows.rows).toBe(names.length);
    applyChangeset(sql, rows.take());
    expect([rows.rows, rows.bytes]).toEqual([0, 0]);
  }
  expect(all('rowid, name')).toEqual([
    [2n ** 33n, 'a'],
    [2n ** 33n + 1n, 'b'],
    [2n ** 33n + 2n, 'c'],
  ]);
});

it('inserts nothing of a changeset whose row ids are taken, and says so', () => {
  const { sql, rows, all } = open('name TEXT', 2);
  sql.run(`INSERT INTO "a 'b'" (rowid, name) VALUES (3, 'there')`);
  for (const name of ['a', 'b']) {
    rows.begin();
    text(rows, name);
  }
  expect(() => applyChangeset(sql, rows.take())).toThrow(/SQLite did not take rows/);
  expect(all('rowid, name')).toEqual([[3n, 'there']]);
});
