import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../functions/core/warehouses/postgres/warehouse.ts';
import { source } from '../../functions/database/source.ts';
import type { Certificate } from '../setup/certificate.ts';
import { makeCertificate } from '../setup/certificate.ts';
import { startMariadb } from '../setup/mariadb.ts';
import { startPostgres } from '../setup/postgres.ts';
import { serverUser } from '../setup/server-process.ts';
import { column, openHost } from './host.ts';

interface Server {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  stop(): Promise<void>;
}

const startTlsPostgres = ({ certFile, keyFile }: Certificate) =>
  startPostgres({ ssl: 'on', ssl_cert_file: certFile, ssl_key_file: keyFile });

const startTlsMariadb = ({ caFile, certFile, keyFile }: Certificate) =>
  startMariadb({ 'ssl-ca': caFile, 'ssl-cert': certFile, 'ssl-key': keyFile });

const engines = [
  {
    name: 'PostgreSQL',
    kind: 'postgres',
    user: 'postgres',
    starts: startTlsPostgres,
    plain: () => startPostgres(),
    encrypted: 'SELECT ssl::text AS used FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  },
  {
    name: 'MariaDB',
    kind: 'mysql',
    user: 'mysql',
    starts: startTlsMariadb,
    plain: () => startMariadb(),
    encrypted: `SELECT IF(VARIABLE_VALUE = '', 'false', 'true') AS used FROM information_schema.SESSION_STATUS
      WHERE VARIABLE_NAME = 'Ssl_cipher'`,
  },
] as const;

describe.each(engines)(
  '$name with a certificate of a private authority',
  ({ kind, user, starts, plain, encrypted }) => {
    let own: Certificate;
    let other: Certificate;
    let server: Server;
    let plainServer: Server;

    beforeAll(async () => {
      const owner = serverUser(user);
      own = await makeCertificate('IP:127.0.0.1', owner);
      other = await makeCertificate('DNS:localhost', owner);
      [server, plainServer] = await Promise.all([starts(own), plain()]);
    }, 60_000);

    afterAll(async () => {
      for (const each of [server, plainServer]) await each?.stop();
      for (const each of [own, other]) await each?.remove();
    });

    /** How a run ends that reads whether its own connection is encrypted. */
    async function read(wish: {
      readonly from?: Server;
      readonly host?: string;
      readonly ca?: string;
      readonly sslMode?: string;
    }): Promise<unknown> {
      const { from = server, host = '127.0.0.1', ca, sslMode = 'verify-full' } = wish;
      const { port, database, password } = from;
      const tested = await openHost({
        settings: source.settings.parse({ kind, host, port, database, sslMode }),
        secret: { user: from.user, password, ...(ca === undefined ? {} : { ca }) },
        tables: { t: { columns: [column('used', 'STRING')], options: { query: encrypted } } },
      });
      try {
        const { failures } = await tested.run();
        if (failures.length > 0) return failures[0]?.error;
        return (await tested.rows('SELECT used FROM copy.t'))[0]?.[0];
      } finally {
        await tested.close();
      }
    }

    it('is read encrypted with that authority in the secret', async () => {
      expect(await read({ ca: own.ca })).toBe('true');
    });

    it('is refused without it, and with another one', async () => {
      for (const ca of [undefined, other.ca]) {
        const said = await read({ ...(ca === undefined ? {} : { ca }) });
        expect(said).toContain('no trusted TLS connection to 127.0.0.1');
        expect(said).toContain("put the server's certificate authority into `ca` of the secret");
      }
    });

    it('is read encrypted with sslMode require, whoever answers', async () => {
      expect(await read({ sslMode: 'require' })).toBe('true');
    });

    it('is refused where the server speaks no TLS', async () => {
      for (const sslMode of ['verify-full', 'require'])
        expect(await read({ from: plainServer, ca: own.ca, sslMode })).toContain(
          'no trusted TLS connection to 127.0.0.1',
        );
    });

    it('is refused under another name or address than its certificate has', async () => {
      const named = await starts(other);
      try {
        expect(await read({ from: named, ca: other.ca, host: 'localhost' })).toBe('true');
        expect(await read({ from: named, ca: other.ca })).toMatch(
          /no trusted TLS connection to 127.0.0.1.*not in/,
        );
      } finally {
        await named.stop();
      }
      expect(await read({ ca: own.ca, host: 'localhost' })).toMatch(
        /no trusted TLS connection to localhost.*is not/,
      );
    });

    if (kind !== 'postgres') return;
    it('is a warehouse with that authority, and with no other', async () => {
      const { port, database, password } = server;
      const config = { name: 'main', kind: 'postgres', host: '127.0.0.1', port, database } as const;
      const open = (ca: string) =>
        openPostgres({ ...config, sslMode: 'verify-full' }, { user: server.user, password, ca });
      const warehouse = await open(own.ca);
      expect((await warehouse.query(encrypted)).rows).toEqual([['true']]);
      await warehouse.close();
      await expect(open(other.ca)).rejects.toThrow('is not trusted');
      await expect(
        openPostgres(
          { ...config, port: plainServer.port, sslMode: 'verify-full' },
          { user: plainServer.user, password: plainServer.password, ca: own.ca },
        ),
      ).rejects.toThrow('offers no encryption');
    });
  },
);
