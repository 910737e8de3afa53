import type { Database } from '../database.ts';
import { inspectMysql } from './inspect.ts';
import { probeMysql } from './probe.ts';
import { readMysql } from './read.ts';

/** MySQL and MariaDB. */
export const mysql: Database = { read: readMysql, probe: probeMysql, inspect: inspectMysql };
