import type { SourceCode } from '../../../functions/core/extract.ts';
import { extract } from '../../../functions/database/extract.ts';
import { source } from '../../../functions/database/source.ts';
import { measure } from '../../child.ts';
import { openRun } from '../../run-once.ts';
import { benchColumns, benchTable } from '../dataset.ts';

export interface MariadbLoad {
  /** A DuckDB file that does not exist yet. */
  readonly path: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** What `mariadb` wrote, for the other side. */
  readonly file: string;
}

/** A whole run of one slice by the database source. */
await measure<MariadbLoad>(({ path, host, port, user, password, database }) =>
  openRun({
    path,
    source,
    code: { extract } as unknown as SourceCode,
    schemas: { 'bench/rows': benchColumns },
    settings: { kind: 'mysql', host, port, database },
    tables: [
      {
        declared: 'rows',
        name: 'rows',
        schema: 'bench/rows',
        key: [],
        writeMode: 'replace',
        cursor: { kind: 'snapshot' },
        options: { from: benchTable, chunkRows: 5_000_000 },
      },
    ],
    secret: { user, password },
  }),
);
