import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import { asMapping, checkShape } from './check-shape.ts';
import { didYouMean, type Report } from './mistake.ts';
import { name, warehouseKinds } from './shapes.ts';

/** Where the estate lives in Google Cloud. */
export interface Gcp {
  /** `gcp:project` */
  readonly project: string;
  /** `gcp:region` */
  readonly region: string;
}

export type Warehouses = Readonly<Record<string, WarehouseConfig>>;

/** The warehouses that could be read; the others are reported. */
export function readWarehouses(value: unknown, gcp: Partial<Gcp>, report: Report): Warehouses {
  const entries = asMapping(value, ['warehouses'], report);
  if (entries === undefined) return {};
  const warehouses: Record<string, WarehouseConfig> = {};
  for (const [key, entry] of Object.entries(entries)) {
    const warehouse = readWarehouse(key, entry, gcp, report);
    if (warehouse !== undefined) warehouses[key] = warehouse;
  }
  if (Object.keys(entries).length === 0)
    report({ path: ['warehouses'], what: 'names no warehouse', allowed: 'at least one' });
  const kinds = new Set(Object.values(warehouses).map(({ kind }) => kind));
  if (kinds.size > 1)
    report({
      path: ['warehouses'],
      what: 'mixes the embedded warehouse with a cloud one',
      todo: 'keep duckdb in a stack of its own',
    });
  const isCloud = Object.values(entries).some(
    (entry) => (entry as { kind?: unknown } | null)?.kind === 'bigquery',
  );
  if (isCloud) checkGcp(gcp, report);
  return warehouses;
}

/** The warehouse of a pipeline: the one it names, the only one, or the one named `main`. */
export function chooseWarehouse(
  wanted: string | undefined,
  warehouses: Warehouses,
  known: readonly string[],
  pipeline: string,
  report: Report,
): WarehouseConfig | undefined {
  const path = ['pipelines', pipeline, 'warehouse'];
  if (wanted !== undefined) {
    if (!known.includes(wanted))
      report({ path, what: 'is unknown', got: wanted, allowed: known, todo: didYouMean(wanted, known) });
    return warehouses[wanted];
  }
  const fallback = known.length === 1 ? known[0] : known.find((each) => each === 'main');
  if (fallback === undefined && known.length > 1) report({ path, what: 'is missing', allowed: known });
  return fallback === undefined ? undefined : warehouses[fallback];
}

function readWarehouse(
  key: string,
  entry: unknown,
  gcp: Partial<Gcp>,
  report: Report,
): WarehouseConfig | undefined {
  const path = ['warehouses', key];
  checkShape(name, key, path, report);
  const fields = asMapping(entry, path, report);
  if (fields === undefined) return undefined;
  const kinds = Object.keys(warehouseKinds);
  const kind = fields.kind;
  if (kind === 'duckdb') {
    const read = checkShape(warehouseKinds.duckdb, fields, path, report);
    return read && { name: key, ...read };
  }
  if (kind === 'bigquery') {
    const read = checkShape(warehouseKinds.bigquery, fields, path, report);
    return read && { name: key, ...read, project: read.project ?? gcp.project ?? '' };
  }
  const todo = typeof kind === 'string' ? didYouMean(kind, kinds) : undefined;
  const what = kind === undefined ? 'is missing' : 'is unknown';
  report({ path: [...path, 'kind'], what, got: kind, allowed: kinds, todo });
  return undefined;
}

function checkGcp({ project, region }: Partial<Gcp>, report: Report): void {
  // https://cloud.google.com/resource-manager/docs/creating-managing-projects
  const projectRule = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
  if (project === undefined || !projectRule.test(project))
    report({
      path: ['gcp:project'],
      what: project === undefined ? 'is missing' : 'is wrong',
      got: project,
      allowed: 'a project id: 6 to 30 lower-case letters, digits and dashes',
    });
  if (region === undefined || !/^[a-z]+-[a-z]+\d{1,2}$/.test(region))
    report({
      path: ['gcp:region'],
      what: region === undefined ? 'is missing' : 'is wrong',
      got: region,
      allowed: 'a region such as europe-west1',
    });
}
