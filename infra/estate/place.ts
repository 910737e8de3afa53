import { posix } from 'node:path';
import type { WarehouseConfig } from '../../functions/core/pipeline.ts';

/** True for names and addresses of this very machine. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/**
 * Where an entry of `warehouses` is: `local` on this machine, which a cloud cannot reach, or `cloud`; undefined where
 * that cannot be told, since its kind or its address is wrong.
 */
export function placementOf(fields: Readonly<Record<string, unknown>>): 'local' | 'cloud' | undefined {
  switch (fields.kind) {
    case 'duckdb':
    case 'sqlite':
      return 'local';
    case 'bigquery':
      return 'cloud';
    case 'postgres':
      return typeof fields.host === 'string' ? placementOfHost(fields.host) : undefined;
    case 'clickhouse':
      return typeof fields.url === 'string' && URL.canParse(fields.url)
        ? placementOfHost(new URL(fields.url).hostname)
        : undefined;
    default:
      return undefined;
  }
}

/** The same text for the same database, whatever the warehouse is called and however its address is spelled. */
export function placeOf(warehouse: WarehouseConfig): string {
  switch (warehouse.kind) {
    case 'duckdb':
    case 'sqlite':
      return posix.normalize(warehouse.path);
    case 'bigquery':
      return warehouse.project;
    case 'postgres': {
      const { host, port = 5432, database } = warehouse;
      return `${isLoopback(host) ? 'localhost' : host.toLowerCase()}:${port}/${database}`;
    }
    case 'clickhouse': {
      const { protocol, hostname, port } = new URL(warehouse.url);
      const host = isLoopback(hostname) ? 'localhost' : hostname;
      return `${host}:${port || (protocol === 'https:' ? '443' : '80')}`;
    }
  }
}

/** Where a table is within its warehouse. Names that differ only in case are one table in the embedded warehouses. */
export function tableIdOf({ kind }: WarehouseConfig, dataset: string, table: string): string {
  const isFlat = kind === 'sqlite';
  const id = isFlat ? (dataset === 'main' ? table : `${dataset}_${table}`) : `${dataset}.${table}`;
  return id.toLowerCase();
}

function placementOfHost(host: string): 'local' | 'cloud' {
  return isLoopback(host) ? 'local' : 'cloud';
}
