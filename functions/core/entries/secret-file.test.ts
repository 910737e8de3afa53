import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { source } from '../../../tests/fixtures/estate/functions/tide-gauge/source.ts';
import { readSecretFile, readWarehouseSecret } from './secret-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'catchment-secrets-'));
const group = (secret?: string) => ({ name: 'g', secret, timeZone: 'UTC', sandbox: false, settings: {} });
const read = (secret?: string) => readSecretFile(dir, group(secret), source, 'tides/g');

beforeAll(() => {
  writeFileSync(join(dir, 'plain'), '{"token":"t1"}');
  mkdirSync(join(dir, 'mounted'));
  writeFileSync(join(dir, 'mounted', 'value'), '{"token":"t2"}');
  writeFileSync(join(dir, 'broken'), 'token=very-secret-text');
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('readSecretFile', () => {
  it('reads a file of the name of the secret, or `value` in a folder of that name', async () => {
    expect([await read('plain'), await read('mounted')]).toEqual([{ token: 't1' }, { token: 't2' }]);
  });

  it('is empty for a group without a secret', async () => {
    expect(await read()).toEqual({});
  });

  it('names the paths it looked at', async () => {
    await expect(read('absent')).rejects.toThrow(
      `[tides/g] the secret "absent" is not mounted; allowed: a file ${dir}/absent or ${dir}/absent/value; store a version of the secret and let the handler read it`,
    );
  });

  it('shows nothing of a secret that is not JSON', async () => {
    const error = await read('broken').catch((thrown: Error) => thrown);
    expect(String(error)).toBe(
      'CatchmentError: [tides/g: secret broken] the secret is not JSON; allowed: a JSON object with the fields token; store the secret again',
    );
  });
});

describe('readWarehouseSecret', () => {
  const warehouse = (secret?: string) =>
    ({ name: 'main', kind: 'clickhouse', url: 'https://ch.internal', secret }) as const;

  it('reads user and password, and whatever else the kind knows', async () => {
    writeFileSync(join(dir, 'login'), '{"user":"etl","password":"p","ca":"pem"}');
    expect(await readWarehouseSecret(dir, warehouse('login'))).toEqual({
      user: 'etl',
      password: 'p',
      ca: 'pem',
    });
  });

  it('is nothing for a warehouse without one', async () => {
    expect(await readWarehouseSecret(dir, warehouse())).toBeUndefined();
    expect(await readWarehouseSecret(dir, { name: 'm', kind: 'duckdb', path: 'x' })).toBeUndefined();
  });

  it('names what is missing, and shows nothing of what is there', async () => {
    writeFileSync(join(dir, 'half'), '{"user":"etl","pass":"hush-hush"}');
    await expect(readWarehouseSecret(dir, warehouse('half'))).rejects.toThrow(
      '[warehouse main: secret half] the secret has not the right fields: "password" is missing; allowed: a JSON object ' +
        'with the fields user, password; store the secret again',
    );
    await expect(readWarehouseSecret(dir, warehouse('absent'))).rejects.toThrow(
      '[warehouse main] the secret "absent" is not mounted',
    );
  });
});
