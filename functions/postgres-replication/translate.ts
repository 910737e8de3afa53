import type { Change } from '../core/change.ts';
import { fatal } from '../core/errors.ts';
import type { Row } from '../core/extract.ts';
import type { FromText, SourceType } from './cells.ts';
import { fromText, fromUnknown } from './cells.ts';
import type { OldTuple, Relation, Tuple } from './pgoutput.ts';
import { unchanged } from './pgoutput.ts';
import type { ReadyTable } from './preflight.ts';

/** How rows of one relation, as it is now, become changes of a table. */
export interface Translator {
  readonly table: ReadyTable;
  insert(tuple: Tuple): Change;
  update(old: OldTuple | undefined, tuple: Tuple): Change;
  remove(old: OldTuple, at: Date): Change;
}

interface Field {
  readonly name: string;
  readonly index: number;
  readonly read: FromText;
  /** False for columns that the schema file does not name. */
  readonly isColumn: boolean;
}

/**
 * @param types what is known of the columns' types, by OID
 * @throws fatal `source-setup` when rows can no longer be told apart
 */
export function createTranslator(
  table: ReadyTable,
  relation: Relation,
  types: ReadonlyMap<number, SourceType>,
  isSoft: boolean,
): Translator {
  const sourceOf = (name: string) => table.columns.find((column) => column.name === name)?.sourceName ?? name;
  const key = table.key.map(sourceOf);
  checkIdentity(table, relation, key);
  const fields = fieldsOf(table, relation, types);
  const keyFields = fields.filter(({ name }) => key.includes(name));
  const { deletedAt } = table.options;
  const deleted = deletedAt === undefined ? undefined : sourceOf(deletedAt);
  const others = table.columns
    .map((column) => column.sourceName ?? column.name)
    .filter((name) => !key.includes(name) && name !== deleted);

  const rowOf = (tuple: Tuple, old: OldTuple | undefined): { row: Row; kept: string[] } => {
    const row: Record<string, unknown> = {};
    const kept: string[] = [];
    for (const { name, index, read, isColumn } of fields) {
      let cell = tuple[index];
      // The old row has what the new one does not repeat: a whole one everything, a key its own columns.
      if (cell === unchanged && old !== undefined && (old.isWhole || key.includes(name)))
        cell = old.tuple[index];
      if (cell === unchanged) {
        if (isColumn) kept.push(name);
      } else row[name] = cell === null || cell === undefined ? null : read(cell);
    }
    return { row, kept };
  };
  const keyOf = (tuple: Tuple): Row =>
    Object.fromEntries(
      keyFields.map(({ name, index, read }) => {
        const cell = tuple[index];
        return [name, typeof cell === 'string' ? read(cell) : null];
      }),
    );

  return {
    table,
    insert: (tuple) => ({ op: 'upsert', row: rowOf(tuple, undefined).row }),
    update(old, tuple) {
      const { row, kept } = rowOf(tuple, old);
      const isMoved =
        old !== undefined &&
        keyFields.some(({ index }) => tuple[index] !== unchanged && tuple[index] !== old.tuple[index]);
      return {
        op: 'upsert',
        row,
        ...(kept.length === 0 ? {} : { kept }),
        ...(isMoved ? { from: keyOf(old.tuple) } : {}),
      };
    },
    remove(old, at) {
      if (!isSoft || deleted === undefined) return { op: 'delete', row: keyOf(old.tuple) };
      if (old.isWhole) return { op: 'upsert', row: { ...rowOf(old.tuple, undefined).row, [deleted]: at } };
      return { op: 'upsert', row: { ...keyOf(old.tuple), [deleted]: at }, kept: others };
    },
  };
}

function fieldsOf(
  { columns, options }: ReadyTable,
  relation: Relation,
  types: ReadonlyMap<number, SourceType>,
): Field[] {
  return relation.columns.flatMap(({ name, type }, index) => {
    if (options.without.includes(name)) return [];
    const known = types.get(type) ?? { oid: type, items: 0 };
    const column = columns.find((each) => (each.sourceName ?? each.name) === name);
    const read = column === undefined ? fromUnknown(known) : fromText(column, known);
    return [{ name, index, read, isColumn: column !== undefined }];
  });
}

function checkIdentity({ table, options }: ReadyTable, relation: Relation, key: readonly string[]): void {
  const names = relation.columns.map(({ name }) => name);
  const gone = key.filter((name) => !names.includes(name));
  if (gone.length > 0)
    throw fatal('source-setup', {
      where: table,
      what: `${options.from} has lost the key column ${gone.join(', ')}`,
      got: names,
      todo: `if it was renamed, set its sourceName in the schema file and run it with --resnapshot --table ${table}`,
    });
  const identity = relation.columns.filter(({ isIdentity }) => isIdentity).map(({ name }) => name);
  if (relation.identity === 'f' || relation.identity === 'n') return;
  if (key.every((name) => identity.includes(name))) return;
  throw fatal('source-setup', {
    where: table,
    what: `the replica identity of ${options.from} was changed and no longer holds the key`,
    got: identity,
    allowed: key,
    todo: `change it back, or correct the key in the stack file; then run it with --resnapshot --table ${table}`,
  });
}
