import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { benchTable } from '../dataset.ts';

export interface PsqlPlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** `psql \copy` of the table to a file, such as /dev/null; gives the seconds it took. */
export async function copyToFile(place: PsqlPlace, path: string): Promise<number> {
  const { host, port, user, password, database } = place;
  const began = performance.now();
  const child = spawn(
    'psql',
    [
      ...['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', user, database],
      ...['-c', `\\copy ${benchTable} TO '${path}' (FORMAT csv, HEADER, NULL '\\N')`],
    ],
    { env: { ...process.env, PGPASSWORD: password, PGTZ: 'UTC' }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`psql ended with ${code}`);
  return (performance.now() - began) / 1000;
}
