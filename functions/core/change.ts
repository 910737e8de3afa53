import type { Row } from './extract.ts';
import type { TableTarget } from './pipeline.ts';
import type { Column } from './schema.ts';

/**
 * One change of a replicated row, in the order it happened.
 *
 * - `upsert`: the row as it is now. `kept` names columns that the source did not send because they did not change
 *   (PostgreSQL's unchanged TOAST values): the stored value stays. `from` holds the key before the change, when the
 *   change moved it: the row of that key is gone.
 * - `delete`: the row of this key is gone; `row` holds its key columns.
 */
export type Change =
  | {
      readonly op: 'upsert';
      readonly row: Row;
      readonly kept?: readonly string[] | undefined;
      readonly from?: Row | undefined;
    }
  | { readonly op: 'delete'; readonly row: Row };

/**
 * Columns that a stage for changes has after the table's own and the system columns, for the write mode `changes`:
 *
 * - `_op`: `upsert` or `delete`
 * - `_kept`: names of columns to take from the stored row, as `,a,b,`; NULL for none
 * - `_from_<key column>` for each key column: the key of the stored row that kept values come from (the row's own key
 *   unless the change moved it)
 *
 * A stage holds at most one row per key (the net change), so a moved row is an upsert of the new key beside a delete of
 * the old one. To apply it: empty the table if the commit says `truncate`; fill kept cells from the stored rows of
 * `_from_*`; delete the stored rows of all staged keys; insert the upserts.
 */
export function changeColumns(target: Pick<TableTarget, 'columns' | 'key'>): readonly Column[] {
  const from = target.key.map((name): Column => {
    const column = target.columns.find((each) => each.name === name);
    return { name: `_from_${name}`, type: column?.type ?? 'STRING', mode: 'NULLABLE' };
  });
  return [
    { name: '_op', type: 'STRING', mode: 'REQUIRED' },
    { name: '_kept', type: 'STRING', mode: 'NULLABLE' },
    ...from,
  ];
}
