import { measure } from '../../child.ts';
import { openLoad } from '../open-load.ts';

interface Input {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly database: string;
  readonly writeMode: 'append' | 'replace';
}

/** A whole run of one slice by the database source. */
await measure<Input>(({ host, port, user, password, from, database, writeMode }) =>
  openLoad({
    warehouse: { name: 'main', kind: 'postgres', host, port, database },
    warehouseSecret: { user, password },
    settings: { kind: 'postgres', host, port, database: from },
    secret: { user, password },
    writeMode,
  }),
);
