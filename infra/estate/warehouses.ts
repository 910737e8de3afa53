import type { WarehouseConfig } from '../../functions/core/pipeline.ts';
import { asMapping, checkShape } from './check-shape.ts';
import { didYouMean, type Path, type Report } from './mistake.ts';
import { isLoopback, placementOf } from './place.ts';
import { name, warehouseKinds } from './shapes.ts';

/** Where the estate lives in Google Cloud. */
export interface Gcp {
  /** `gcp:project` */
  readonly project: string;
  /** `gcp:region` */
  readonly region: string;
}

export type Warehouses = Readonly<Record<string, WarehouseConfig>>;

export interface ReadWarehouses {
  /** The warehouses that could be read; the others are reported. */
  readonly warehouses: Warehouses;
  /** Names in the stack file, also of warehouses that could not be read. */
  readonly names: readonly string[];
  /** True for the estate of one machine: all its warehouses are files or servers on it. */
  readonly isTwin: boolean;
}

/**
 * Reads the warehouses. A stack is either local (`duckdb`, `sqlite`, servers on loopback) or in the cloud (`bigquery`,
 * servers elsewhere): functions in the cloud reach no file of this machine, and a twin writes nothing that others use.
 */
export function readWarehouses(value: unknown, gcp: Partial<Gcp>, report: Report): ReadWarehouses {
  const entries = asMapping(value, ['warehouses'], report);
  if (entries === undefined) return { warehouses: {}, names: [], isTwin: false };
  const warehouses: Record<string, WarehouseConfig> = {};
  const local: string[] = [];
  const cloud: string[] = [];
  for (const [key, entry] of Object.entries(entries)) {
    const path = ['warehouses', key];
    checkShape(name, key, path, report);
    const fields = asMapping(entry, path, report);
    if (fields === undefined) continue;
    const placement = placementOf(fields);
    if (placement !== undefined) (placement === 'local' ? local : cloud).push(key);
    const warehouse = readWarehouse(key, fields, gcp, report);
    if (warehouse !== undefined) warehouses[key] = warehouse;
  }
  const names = Object.keys(entries);
  if (names.length === 0)
    report({ path: ['warehouses'], what: 'names no warehouse', allowed: 'at least one' });
  if (local.length > 0 && cloud.length > 0)
    report({
      path: ['warehouses'],
      what: `mixes warehouses on this machine (${local.join(', ')}) with warehouses elsewhere (${cloud.join(', ')})`,
      todo: 'keep duckdb, sqlite and servers on loopback in a stack of their own',
    });
  if (cloud.length > 0) checkGcp(gcp, report);
  return { warehouses, names, isTwin: cloud.length === 0 };
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
  fields: Readonly<Record<string, unknown>>,
  gcp: Partial<Gcp>,
  report: Report,
): WarehouseConfig | undefined {
  const path = ['warehouses', key];
  switch (fields.kind) {
    case 'duckdb': {
      const read = checkShape(warehouseKinds.duckdb, fields, path, report);
      return read && { name: key, ...read };
    }
    case 'sqlite': {
      const read = checkShape(warehouseKinds.sqlite, fields, path, report);
      return read && { name: key, ...read };
    }
    case 'bigquery': {
      const read = checkShape(warehouseKinds.bigquery, fields, path, report);
      return read && { name: key, ...read, project: read.project ?? gcp.project ?? '' };
    }
    case 'postgres': {
      const read = checkShape(warehouseKinds.postgres, fields, path, report);
      if (read === undefined) return undefined;
      checkLogin(read.secret, isLoopback(read.host), path, report);
      if (read.sslMode === 'disable' && !isLoopback(read.host))
        report({
          path: [...path, 'sslMode'],
          what: 'sends rows and password unencrypted',
          got: read.sslMode,
          allowed: ['require', 'verify-full'],
        });
      return { name: key, ...read };
    }
    case 'clickhouse': {
      const read = checkShape(warehouseKinds.clickhouse, fields, path, report);
      if (read === undefined || !checkUrl(read.url, [...path, 'url'], report)) return undefined;
      checkLogin(read.secret, isLoopback(new URL(read.url).hostname), path, report);
      return { name: key, ...read };
    }
  }
  const kinds = Object.keys(warehouseKinds);
  const { kind } = fields;
  const todo = typeof kind === 'string' ? didYouMean(kind, kinds) : undefined;
  const what = kind === undefined ? 'is missing' : 'is unknown';
  report({ path: [...path, 'kind'], what, got: kind, allowed: kinds, todo });
  return undefined;
}

/** A server that others can reach asks for a password, and a password is never in the stack file. */
function checkLogin(secret: string | undefined, isHere: boolean, path: Path, report: Report): void {
  if (secret !== undefined || isHere) return;
  report({
    path: [...path, 'secret'],
    what: 'is missing',
    allowed: 'the name of a secret',
    todo: 'its value is a JSON object with user, password',
  });
}

function checkUrl(text: string, path: Path, report: Report): boolean {
  const allowed = 'an address such as https://ch.internal:8443';
  if (!URL.canParse(text)) {
    report({ path, what: 'is not a URL', got: text, allowed });
    return false;
  }
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  if (username !== '' || password !== '') {
    // Not quoted: it may be a password.
    report({ path, what: 'holds a user or a password', allowed, todo: 'name a secret instead' });
    return false;
  }
  if (!['http:', 'https:'].includes(protocol) || pathname !== '/' || search !== '' || hash !== '') {
    report({ path, what: 'is not the address of an HTTP interface', got: text, allowed });
    return false;
  }
  if (protocol === 'http:' && !isLoopback(hostname)) {
    report({ path, what: 'sends rows and password unencrypted', got: text, allowed: 'https' });
    return false;
  }
  return true;
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
