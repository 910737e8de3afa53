import type { Edge } from './module-graph.ts';
import { isPackage, reach } from './module-graph.ts';

/** What the program and the plan may load of `functions/` besides declarations. */
const contracts = [
  'functions/core/source.ts',
  'functions/core/cursor.ts',
  'functions/core/errors.ts',
  'functions/core/schema.ts',
  'functions/core/pipeline.ts',
  'functions/core/extract.ts',
  'functions/core/sandbox.ts',
  'functions/core/http/policy.ts',
];

/** What the program and the plan may load from npm. No vendor's SDK, no HTTP client, no database. */
const planPackages = [
  '@grpc/grpc-js',
  '@pulumi/gcp',
  '@pulumi/pulumi',
  'croner',
  'cronstrue',
  'fflate',
  'google-protobuf',
  'rolldown',
  'yaml',
  'zod',
];

/** Small libraries for protocols and shapes that a source may use. */
const sourcePackages = ['zod', '@aws-crypto/sha256-js', '@smithy/signature-v4', 'fast-xml-parser'];

/** A source talks to the network through the context it is given, and starts no programs. */
const forbiddenBuiltins = [
  'node:child_process',
  'node:cluster',
  'node:dgram',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:tls',
  'node:worker_threads',
];

/** Packages of warehouses and databases, and the folders that may name each. */
const warehousePackages: Readonly<Record<string, readonly string[]>> = {
  // The checked reader of files is DuckDB too, for all warehouses.
  '@duckdb/node-api': ['functions/core/warehouses/duckdb/', 'functions/core/files/'],
  '@duckdb/node-bindings': ['functions/core/warehouses/duckdb/'],
  '@google-cloud/bigquery': ['functions/core/warehouses/bigquery/'],
  '@google-cloud/bigquery-storage': ['functions/core/warehouses/bigquery/'],
  '@clickhouse/client': ['functions/core/warehouses/clickhouse/'],
  pg: ['functions/core/warehouses/postgres/', 'functions/core/postgres/'],
  'pg-copy-streams': [
    'functions/core/warehouses/postgres/',
    'functions/core/postgres/',
    'functions/database/postgres/',
  ],
  mysql2: ['functions/database/mysql/'],
  'better-sqlite3': ['functions/core/warehouses/sqlite/'],
};

/** A rule of design.md, section 2. Each violation is a sentence. */
export type Rule = (edges: readonly Edge[]) => string[];

/** `infra/` and the declarations it reads load only declarations, contracts and a few packages. */
export const planLoadsDeclarationsOnly: Rule = (edges) => {
  const starts = files(edges).filter((file) => file.startsWith('infra/') || isDeclaration(file));
  const reached = [...reach(edges, starts)];
  return [
    ...reached
      .filter((id) => id.startsWith('functions/') && !isDeclaration(id) && !contracts.includes(id))
      .map((id) => `infra reaches ${id}`),
    ...reached.filter((id) => isPackage(id) && !planPackages.includes(id)).map((id) => `infra reaches ${id}`),
  ].sort();
};

/** `functions/` reaches nothing of the program, the command line or the twin, and no `@pulumi/*`. */
export const functionsStandAlone: Rule = (edges) => {
  const starts = files(edges).filter((file) => file.startsWith('functions/'));
  return [...reach(edges, starts)]
    .filter((id) => /^(infra|cli|twin|console|tests|bench)\//.test(id) || id.startsWith('@pulumi/'))
    .map((id) => `functions reach ${id}`)
    .sort();
};

/** A source imports core, its own files and small libraries; only a sandbox may import more, or be a sandbox's part. */
export const sourcesImportLittle: Rule = (edges) =>
  edges
    .filter(({ from }) => sourceOf(from) !== undefined && !isSandbox(from))
    .filter(({ from, to }) => {
      if (to.startsWith('functions/core/')) return false;
      if (to.startsWith(`functions/${sourceOf(from)}/`))
        return isSandbox(to) || /\/testing(\.ts$|\/)/.test(to);
      if (to.startsWith('node:')) return forbiddenBuiltins.includes(to);
      return !sourcePackages.includes(to) && !isNamedFor(to, from);
    })
    .map(({ from, to }) => `${from} imports ${to}`)
    .sort();

/** Core knows no source. */
export const coreKnowsNoSource: Rule = (edges) =>
  edges
    .filter(({ from, to }) => from.startsWith('functions/core/') && sourceOf(to) !== undefined)
    .map(({ from, to }) => `${from} imports ${to}`);

/** A driver that no other folder names. */
function isNamedFor(id: string, from: string): boolean {
  return warehousePackages[id]?.some((folder) => from.startsWith(folder)) === true;
}

/** A warehouse's packages are named in its own folder only, and loaded when a run opens that warehouse. */
export const warehousesLoadLate: Rule = (edges) => {
  const misplaced = edges
    .filter(({ from }) => from.startsWith('functions/') && !isSandbox(from))
    .filter(({ from, to }) => warehousePackages[to]?.some((folder) => from.startsWith(folder)) === false)
    .map(({ from, to }) => `${from} imports ${to}`);
  const starts = files(edges).filter(
    (file) =>
      isDeclaration(file) || /^functions\/core\/(entries|run)\//.test(file) || file.endsWith('/extract.ts'),
  );
  const early = [...reach(edges, starts, 'static')]
    .filter((id) => warehousePackages[id] !== undefined)
    .map((id) => `${id} is loaded before a warehouse is opened`);
  return [...misplaced, ...early].sort();
};

/** Sandboxes never go into a bundle. */
export function sandboxesIn(modules: readonly string[]): string[] {
  return modules.filter((id) => /\/sandbox(\.ts$|\/)/.test(id) && !id.endsWith('/core/sandbox.ts'));
}

function files(edges: readonly Edge[]): string[] {
  return [...new Set(edges.map(({ from }) => from))];
}

function isDeclaration(id: string): boolean {
  return /^functions\/[^/]+\/source\.ts$/.test(id);
}

function isSandbox(id: string): boolean {
  return /^functions\/(?:[^/]+|core\/warehouses\/[^/]+)\/sandbox(\.ts$|\/)/.test(id);
}

/** The source a file belongs to; undefined for core and for files outside. */
function sourceOf(id: string): string | undefined {
  const [, name] = /^functions\/([^/]+)\//.exec(id) ?? [];
  return name === 'core' ? undefined : name;
}
