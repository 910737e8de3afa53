import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WarehouseConfig } from '../functions/core/pipeline.ts';

/** Absolute path of an embedded warehouse; undefined for servers. */
export function warehouseFile(root: string, config: WarehouseConfig): string | undefined {
  return config.kind === 'duckdb' || config.kind === 'sqlite' ? resolve(root, config.path) : undefined;
}

/** False for an embedded warehouse that was never written. */
export function mayHoldData(root: string, config: WarehouseConfig): boolean {
  const file = warehouseFile(root, config);
  return file === undefined || existsSync(file);
}
