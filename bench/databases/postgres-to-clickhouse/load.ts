import { measure } from '../../child.ts';
import { openLoad } from '../open-load.ts';

export interface ClickhouseLoad {
  /** The PostgreSQL server. */
  readonly from: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** The ClickHouse server. */
  readonly url: string;
  readonly secret: { readonly user: string; readonly password: string };
  readonly writeMode: 'append' | 'replace';
}

/** A whole run of one slice by the database source. */
await measure<ClickhouseLoad>(({ from, url, secret, writeMode }) => {
  const { host, port, database, user, password } = from;
  return openLoad({
    warehouse: { name: 'main', kind: 'clickhouse', url, secret: 'clickhouse' },
    warehouseSecret: secret,
    settings: { kind: 'postgres', host, port, database },
    secret: { user, password },
    writeMode,
  });
});
