import { availableParallelism, loadavg } from 'node:os';
import { version } from '@duckdb/node-api';

/** What figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly node: string;
  readonly duckdb: string;
  /** Processes that wanted a core over the last minute: what was going on beside the benchmark when it began. */
  readonly load: number;
}

export function machineFacts(): Machine {
  return {
    cores: availableParallelism(),
    node: process.versions.node,
    duckdb: version().replace(/^v/, ''),
    load: loadavg()[0] ?? Number.NaN,
  };
}
