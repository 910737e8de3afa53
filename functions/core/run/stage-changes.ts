import type { TableTarget } from '../pipeline.ts';
import { Bad } from '../rows/bad.ts';
import type { ColumnBatch, Quarantined } from '../rows/check.ts';
import { createRowChecker } from '../rows/check.ts';
import { fieldsOf } from '../rows/coerce.ts';
import { mask } from '../rows/mask.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { Fold, NetChange } from './fold-changes.ts';
import type { TableRead } from './read-slice.ts';
import { storedKeys } from './stored-keys.ts';

/** Rows of one page of a stage: its columns are arrays in memory. */
const pageRows = 10_000;

/** Changes of one table, staged. */
export interface StagedChanges {
  readonly read: TableRead;
  /** Of the staged rows, those that the table will hold. */
  readonly upserts: number;
}

/** Checks the net changes of one table against its schema file and stages them, ready for the mode `changes`. */
export async function stageChanges(
  warehouse: Warehouse,
  target: TableTarget,
  fold: Fold,
): Promise<StagedChanges> {
  const check = createChangeChecker(target, await findOrphans(warehouse, target, fold));
  const quarantined: Quarantined[] = [];
  const stage = await warehouse.openStage(target, origin, { changes: true });
  try {
    let page: NetChange[] = [];
    const flush = async () => {
      const checked = check.page(page);
      quarantined.push(...checked.quarantined);
      await stage.append(checked.batch);
      page = [];
    };
    for (const change of fold.net()) if (page.push(change) === pageRows) await flush();
    await flush();
  } catch (error) {
    await stage.discard();
    throw error;
  }
  const read = {
    ...{ target, stage, rowsRead: fold.changes, announced: undefined, bytes: 0 },
    ...{ rejected: quarantined.length, quarantined, drift: check.drift() },
  };
  return { read, upserts: check.upserts };
}

const origin = '-';

/**
 * Changes that keep a required value of a row that is not stored: an earlier change of it is in quarantine. No warehouse
 * could commit them.
 *
 * @returns the column of each
 */
async function findOrphans(
  warehouse: Warehouse,
  target: TableTarget,
  fold: Fold,
): Promise<ReadonlyMap<NetChange, string>> {
  const required = target.columns.filter(({ mode }) => mode === 'REQUIRED');
  const keptBy = ({ op, kept }: NetChange) =>
    op === 'delete' || kept.length === 0
      ? undefined
      : required.find(({ name, sourceName }) => kept.includes(sourceName ?? name))?.name;
  const keeping = [...fold.net()].flatMap((change) => {
    const column = keptBy(change);
    return column === undefined ? [] : [{ change, column }];
  });
  if (keeping.length === 0) return new Map();
  const stored = fold.isTruncated
    ? { has: () => false }
    : // After a crash a moved row may be stored under its new key already.
      await storedKeys(
        warehouse,
        target,
        keeping.flatMap(({ change: { from, row } }) => [from, row]),
      );
  if (stored === undefined) return new Map();
  return new Map(
    keeping
      .filter(({ change: { from, row } }) => !stored.has(from) && !stored.has(row))
      .map(({ change, column }) => [change, column]),
  );
}

/**
 * A change need not hold a whole row: a delete has the key alone, an update lacks what is kept. So required columns are
 * looked for here, and the checker takes all columns as nullable.
 */
function createChangeChecker(target: TableTarget, orphans: ReadonlyMap<NetChange, string>) {
  const relaxed = target.columns.map((column) =>
    column.mode === 'REQUIRED' ? { ...column, mode: 'NULLABLE' as const } : column,
  );
  const required = target.columns
    .filter(({ mode }) => mode === 'REQUIRED')
    .map(({ name, sourceName }) => ({ name, field: sourceName ?? name }));
  const columnOf = new Map(target.columns.map(({ name, sourceName }) => [sourceName ?? name, name]));
  const checker = createRowChecker(relaxed, { origin });
  const fromFields = target.key.flatMap(
    (name) =>
      fieldsOf(
        relaxed.filter((column) => column.name === name),
        noStrays,
      ).fields,
  );
  let read = 0;
  let upserts = 0;

  const flawOf = (change: NetChange): Pick<Quarantined, 'path' | 'reason'> | undefined => {
    const { op, row, kept } = change;
    if (op === 'delete') return undefined;
    const orphan = orphans.get(change);
    if (orphan !== undefined) return { path: orphan, reason: notStored };
    const column = required.find(
      ({ field }) => (row[field] === null || row[field] === undefined) && !kept.includes(field),
    );
    return column === undefined ? undefined : { path: column.name, reason: 'is required and missing' };
  };

  return {
    page(changes: readonly NetChange[]): { batch: ColumnBatch; quarantined: readonly Quarantined[] } {
      const incomplete: Quarantined[] = [];
      const whole = changes.filter((change, index) => {
        const flaw = flawOf(change);
        if (flaw !== undefined) incomplete.push({ row: read + index, ...flaw, masked: mask(null) });
        return flaw === undefined;
      });
      const first = checker.read;
      const checked = checker.check(whole.map(({ row }) => row));
      const bad = new Set(checked.quarantined.map(({ row = 0 }) => row - first));
      const good = bad.size === 0 ? whole : whole.filter((_, index) => !bad.has(index));
      read += changes.length;
      for (const { op } of good) if (op === 'upsert') upserts += 1;
      return {
        batch: {
          rows: checked.batch.rows,
          values: [
            ...checked.batch.values,
            good.map(({ op }) => op),
            good.map(({ kept }) => keptText(kept, columnOf)),
            ...fromFields.map((field) => good.map(({ from }) => orNull(field.coerce(field.read(from))))),
          ],
        },
        quarantined: [...incomplete, ...checked.quarantined],
      };
    },
    drift: () => checker.drift(),
    get upserts() {
      return upserts;
    },
  };
}

const notStored =
  'is required, and was not sent because it did not change; but the row is not stored, since an earlier change of it is in quarantine';

const noStrays = { path: [], note: () => {} };

/** Columns of the schema file as `,a,b,`; what it does not name cannot be kept. */
function keptText(fields: readonly string[], columnOf: ReadonlyMap<string, string>): string | null {
  const columns = fields.flatMap((field) => columnOf.get(field) ?? []);
  return columns.length === 0 ? null : `,${columns.join(',')},`;
}

function orNull(value: unknown): unknown {
  return value instanceof Bad ? null : value;
}
