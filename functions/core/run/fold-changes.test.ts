import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Change } from '../change.ts';
import type { Row } from '../extract.ts';
import type { Column } from '../schema.ts';
import type { Fold } from './fold-changes.ts';
import { createFold } from './fold-changes.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'NUMERIC', mode: 'REQUIRED' },
  { name: 'a', type: 'STRING', mode: 'NULLABLE' },
  { name: 'b', type: 'STRING', mode: 'NULLABLE' },
];

type Stored = ReadonlyMap<unknown, Row>;

/** What a source does; a row that is not there is left alone. */
const step = fc.oneof(
  fc.record({ op: fc.constant('put' as const), id: fc.nat(5), value: fc.string({ maxLength: 3 }) }),
  fc.record({ op: fc.constant('set a' as const), id: fc.nat(5), value: fc.string({ maxLength: 3 }) }),
  fc.record({ op: fc.constant('move' as const), id: fc.nat(5), value: fc.nat(5) }),
  fc.record({ op: fc.constant('delete' as const), id: fc.nat(5) }),
  fc.record({ op: fc.constant('truncate' as const), id: fc.nat(5) }),
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Does a step in `rows` and tells the fold what the log would say of it: `b` is never sent unless it changed. */
function act(rows: Map<unknown, Row>, fold: Fold, { op, id, ...rest }: Step): void {
  const value = 'value' in rest ? rest.value : undefined;
  const row = rows.get(id);
  const tell = (change: Change) => fold.add(change);
  if (op === 'put') {
    const made = { id, a: value, b: `${value} of ${id}` };
    rows.set(id, made);
    tell({ op: 'upsert', row: made });
  } else if (op === 'truncate') {
    rows.clear();
    fold.truncate();
  } else if (row === undefined) {
    return;
  } else if (op === 'set a') {
    rows.set(id, { ...row, a: value });
    tell({ op: 'upsert', row: { id, a: value }, kept: ['b'] });
  } else if (op === 'delete') {
    rows.delete(id);
    tell({ op: 'delete', row: { id } });
  } else if (value !== id && !rows.has(value)) {
    rows.delete(id);
    rows.set(value, { ...row, id: value });
    tell({ op: 'upsert', row: { id: value, a: row.a }, kept: ['b'], from: { id } });
  }
}

/** As every warehouse applies a stage of changes. */
function apply(stored: Stored, fold: Fold): Stored {
  const result = new Map(fold.isTruncated ? [] : stored);
  const changes = [...fold.net()];
  for (const { row } of changes) result.delete(row.id);
  for (const { op, row, kept, from } of changes) {
    const old = fold.isTruncated ? undefined : stored.get(from.id);
    if (op === 'upsert')
      result.set(row.id, { ...row, ...Object.fromEntries(kept.map((name) => [name, old?.[name]])) });
  }
  return result;
}

it('gives the same table as the changes one after another, wherever they are cut into batches', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 5 }), (batches) => {
      const rows = new Map<unknown, Row>();
      let stored: Stored = new Map();
      for (const batch of batches) {
        const fold = createFold(columns, ['id']);
        for (const each of batch) act(rows, fold, each);
        stored = apply(stored, fold);
      }
      expect(new Map([...stored].sort())).toEqual(new Map([...rows].sort()));
    }),
    { numRuns: 500, seed: 20_261_121 },
  );
});

it('takes a key that is only written in another way for the same key', () => {
  const fold = createFold(columns, ['id']);
  fold.add({ op: 'upsert', row: { id: '1.0', a: 'x', b: 'y' } });
  fold.add({ op: 'upsert', row: { id: '1.00', a: 'z' }, kept: ['b'], from: { id: '1.0' } });
  expect([...fold.net()]).toEqual([
    { op: 'upsert', row: { id: '1.00', a: 'z', b: 'y' }, kept: [], from: { id: '1.0' } },
  ]);
  expect(fold.changes).toBe(2);
});
