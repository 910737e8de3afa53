import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerUser } from './server-process.ts';

/** A private authority and a certificate that it gave to a server. */
export interface Certificate {
  /** The authority in PEM. */
  readonly ca: string;
  /** Files of the server, which only its user may read. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  remove(): Promise<void>;
}

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);

/**
 * Makes both anew, by the `openssl` of this machine.
 *
 * @param names of the server, such as `DNS:localhost,IP:127.0.0.1`
 */
export async function makeCertificate(names: string, owner?: ServerUser): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-certificate-'));
  const at = (name: string) => join(folder, name);
  const files = { caFile: at('ca.pem'), certFile: at('cert.pem'), keyFile: at('key.pem') };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    ...['req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', files.caFile],
    ...['-days', '2', '-subj', '/CN=Private authority'],
  );
  await openssl(
    ...['req', ...newKey, '-keyout', files.keyFile, '-out', at('request.pem'), '-subj', '/CN=database'],
  );
  await writeFile(at('names'), `subjectAltName=${names}\n`);
  await openssl(
    ...['x509', '-req', '-in', at('request.pem'), '-CA', files.caFile, '-CAkey', at('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', at('names'), '-out', files.certFile],
  );
  await chmod(files.keyFile, 0o600);
  if (owner !== undefined)
    for (const path of [folder, ...Object.values(files)]) await chown(path, owner.uid, owner.gid);
  return {
    ...files,
    ca: await readFile(files.caFile, 'utf8'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
