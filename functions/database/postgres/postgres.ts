import type { Database } from '../database.ts';
import { inspectPostgres } from './inspect.ts';
import { probePostgres } from './probe.ts';
import { readPostgres } from './read.ts';

export const postgres: Database = {
  read: readPostgres,
  probe: probePostgres,
  inspect: inspectPostgres,
};
