import { measure } from '../../child.ts';
import { memoryLimit } from '../../duckdb.ts';
import { openLoad } from '../open-load.ts';

export interface DatabaseLoad {
  /** A DuckDB file that does not exist yet. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** What `psql` wrote, for the other side. */
  readonly csv: string;
}

/** A whole run of one slice by the database source. */
await measure<DatabaseLoad>(({ path, host, port, user, password, database }) =>
  openLoad({
    warehouse: { name: 'main', kind: 'duckdb', path, memoryLimit },
    settings: { kind: 'postgres', host, port, database },
    secret: { user, password },
  }),
);
