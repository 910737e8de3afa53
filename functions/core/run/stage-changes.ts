import type { TableTarget } from '../pipeline.ts';
import { Bad } from '../rows/bad.ts';
import type { ColumnBatch, Quarantined } from '../rows/check.ts';
import { createRowChecker } from '../rows/check.ts';
import { fieldsOf } from '../rows/coerce.ts';
import { mask } from '../rows/mask.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { Fold, NetChange } from './fold-changes.ts';
import type { TableRead } from './read-slice.ts';

/** Rows of one page of a stage: its columns are arrays in memory. */
const pageRows = 10_000;

/** Checks the net changes of one table against its schema file and stages them, ready for the mode `changes`. */
export async function stageChanges(
  warehouse: Warehouse,
  target: TableTarget,
  fold: Fold,
): Promise<TableRead> {
  const check = createChangeChecker(target);
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
  return {
    target,
    stage,
    rowsRead: fold.changes,
    announced: undefined,
    bytes: 0,
    rejected: quarantined.length,
    quarantined,
    drift: check.drift(),
  };
}

const origin = '-';

/**
 * A change need not hold a whole row: a delete has the key alone, an update lacks what is kept. So required columns are
 * looked for here, and the checker takes all columns as nullable.
 */
function createChangeChecker(target: TableTarget) {
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

  const missing = ({ op, row, kept }: NetChange) =>
    op === 'delete'
      ? undefined
      : required.find(
          ({ field }) => (row[field] === null || row[field] === undefined) && !kept.includes(field),
        );

  return {
    page(changes: readonly NetChange[]): { batch: ColumnBatch; quarantined: readonly Quarantined[] } {
      const incomplete: Quarantined[] = [];
      const whole = changes.filter((change, index) => {
        const column = missing(change);
        if (column !== undefined)
          incomplete.push({
            row: read + index,
            path: column.name,
            reason: 'is required and missing',
            masked: mask(null),
          });
        return column === undefined;
      });
      const first = checker.read;
      const checked = checker.check(whole.map(({ row }) => row));
      const bad = new Set(checked.quarantined.map(({ row = 0 }) => row - first));
      const good = bad.size === 0 ? whole : whole.filter((_, index) => !bad.has(index));
      read += changes.length;
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
  };
}

const noStrays = { path: [], note: () => {} };

/** Columns of the schema file as `,a,b,`; what it does not name cannot be kept. */
function keptText(fields: readonly string[], columnOf: ReadonlyMap<string, string>): string | null {
  const columns = fields.flatMap((field) => columnOf.get(field) ?? []);
  return columns.length === 0 ? null : `,${columns.join(',')},`;
}

function orNull(value: unknown): unknown {
  return value instanceof Bad ? null : value;
}
