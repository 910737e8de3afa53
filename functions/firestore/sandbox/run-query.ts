import { z } from 'zod';
import { compareValues, isSameKind } from './compare.ts';
import { checkKeys, invalid, Refusal } from './refuse.ts';
import type { Stored } from './store.ts';

const field = z.strictObject({ fieldPath: z.string() });
const fieldFilter = z.strictObject({
  fieldFilter: z.strictObject({
    field,
    op: z.enum(['LESS_THAN', 'LESS_THAN_OR_EQUAL', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL', 'EQUAL']),
    value: z.record(z.string(), z.unknown()),
  }),
});
const queryShape = z.strictObject({
  from: z.tuple([
    z.strictObject({ collectionId: z.string().min(1), allDescendants: z.boolean().optional() }),
  ]),
  where: z
    .union([
      fieldFilter,
      z.strictObject({
        compositeFilter: z.strictObject({ op: z.literal('AND'), filters: z.array(fieldFilter).min(1) }),
      }),
    ])
    .optional(),
  orderBy: z
    .array(z.strictObject({ field, direction: z.enum(['ASCENDING', 'DESCENDING']).optional() }))
    .optional(),
  startAt: z
    .strictObject({ values: z.array(z.record(z.string(), z.unknown())), before: z.boolean().optional() })
    .optional(),
  limit: z.int().min(0).optional(),
});

/** Where a query begins: the part of the parent behind `documents`. */
export interface QueryPlace {
  /** `projects/p/databases/d/documents` */
  readonly root: string;
  /** Empty at the root, or `users/u1`. */
  readonly below: string;
}

/** Runs a `structuredQuery`, of which it knows what a reader needs: filters on one field, orders, cursors and a limit. */
export function runQuery(query: unknown, documents: readonly Stored[], place: QueryPlace): readonly Stored[] {
  checkKeys(
    query,
    ['select', 'from', 'where', 'orderBy', 'startAt', 'endAt', 'offset', 'limit'],
    'structured_query',
  );
  const read = queryShape.safeParse(query);
  if (!read.success)
    throw invalid(read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const { from, where, orderBy = [], startAt, limit } = read.data;
  const filters =
    where === undefined
      ? []
      : 'fieldFilter' in where
        ? [where.fieldFilter]
        : where.compositeFilter.filters.map((each) => each.fieldFilter);
  const orders = orderBy.map((order) => ({
    path: order.field.fieldPath,
    isUp: order.direction !== 'DESCENDING',
  }));
  const unequal = filters.find(({ op }) => op !== 'EQUAL')?.field.fieldPath;
  if (unequal !== undefined && orders[0] !== undefined && orders[0].path !== unequal)
    throw invalid(
      `inequality filter property and first sort order must be the same: ${unequal} and ${orders[0].path}`,
    );
  const byField = orders.find(({ path }) => path !== '__name__');
  if (from[0].allDescendants === true && byField !== undefined)
    throw new Refusal(
      400,
      'FAILED_PRECONDITION',
      `The query requires a COLLECTION_GROUP_ASC index for collection ${from[0].collectionId} and field ${byField.path}. You can create it here: https://console.firebase.google.com/`,
    );
  if (orders.at(-1)?.path !== '__name__')
    orders.push({ path: '__name__', isUp: orders.at(-1)?.isUp ?? true });

  const cellOf = (document: Stored, path: string) =>
    path === '__name__'
      ? { referenceValue: `${place.root}/${document.path}` }
      : document.fields[unquoted(path)];
  const compare = (values: (index: number) => unknown, others: (index: number) => unknown, count: number) => {
    for (let index = 0; index < count; index += 1) {
      const order = compareValues(values(index), others(index));
      if (order !== 0) return orders[index]?.isUp === false ? -order : order;
    }
    return 0;
  };
  const of = (document: Stored) => (index: number) => cellOf(document, orders[index]?.path ?? '');

  const found = documents
    .filter((document) => isIn(document.path, from[0], place.below))
    // A document without a field is in no index of it.
    .filter((document) => orders.every(({ path }) => cellOf(document, path) !== undefined))
    .filter((document) =>
      filters.every(({ field: { fieldPath }, op, value }) => holds(cellOf(document, fieldPath), op, value)),
    )
    .sort((a, b) => compare(of(a), of(b), orders.length));
  if (startAt !== undefined && startAt.values.length > orders.length)
    throw invalid('Cursor has too many values.');
  const after =
    startAt === undefined
      ? found
      : found.filter((document) => {
          const order = compare(of(document), (index) => startAt.values[index], startAt.values.length);
          return startAt.before === true ? order >= 0 : order > 0;
        });
  return limit === undefined ? after : after.slice(0, limit);
}

function isIn(
  path: string,
  from: { readonly collectionId: string; readonly allDescendants?: boolean | undefined },
  below: string,
): boolean {
  const parts = path.split('/');
  if (parts.at(-2) !== from.collectionId) return false;
  const parent = parts.slice(0, -2).join('/');
  return from.allDescendants === true
    ? below === '' || `${parent}/`.startsWith(`${below}/`)
    : parent === below;
}

function holds(value: unknown, op: string, bound: unknown): boolean {
  if (value === undefined || !isSameKind(value, bound)) return false;
  const order = compareValues(value, bound);
  switch (op) {
    case 'LESS_THAN':
      return order < 0;
    case 'LESS_THAN_OR_EQUAL':
      return order <= 0;
    case 'GREATER_THAN':
      return order > 0;
    case 'GREATER_THAN_OR_EQUAL':
      return order >= 0;
    default:
      return order === 0;
  }
}

function unquoted(path: string): string {
  if (!path.startsWith('`')) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(path))
      throw invalid(`Invalid field path: ${path}`);
    return path;
  }
  return path.slice(1, -1).replaceAll('\\`', '`').replaceAll('\\\\', '\\');
}
