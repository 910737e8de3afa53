import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Group, Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';
import { readSecretFile, readWarehouseSecret } from './secrets.ts';

const root = mkdtempSync(join(tmpdir(), 'catchment-secrets-'));
const folder = join(root, '.catchment/secrets');
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

const pipeline = { name: 'shop' } as Pipeline;
const group = (secret?: string) => ({ name: 'demo', secret }) as Group;

it('reads the JSON object of the secret', () => {
  writeFileSync(join(folder, 'good.json'), '{"token":"t"}');
  expect(readSecretFile(root, pipeline, group('good'))).toEqual({ token: 't' });
});

it('gives nothing to a group without a secret', () => {
  expect(readSecretFile(root, pipeline, group())).toBeUndefined();
});

it('names the file that is missing', () => {
  expect(() => readSecretFile(root, pipeline, group('gone'))).toThrow(
    '[shop/demo] secret "gone" is missing: there is no .catchment/secrets/gone.json; write the JSON object of the ' +
      'secret to that file or to the variable CATCHMENT_SECRET_GONE, or set "sandbox: true" on the group',
  );
});

it.each([
  ['{"token": "hush', 'secret "bad" is not JSON: .catchment/secrets/bad.json; write one JSON object'],
  ['"hush"', 'secret "bad" is not a JSON object: .catchment/secrets/bad.json; write one JSON object'],
  ['["hush"]', 'secret "bad" is not a JSON object: .catchment/secrets/bad.json; write one JSON object'],
])('refuses %s without quoting it', (text, message) => {
  writeFileSync(join(folder, 'bad.json'), text);
  expect(() => readSecretFile(root, pipeline, group('bad'))).toThrow(`[shop/demo] ${message}`);
});

it('says when the file cannot be read', () => {
  mkdirSync(join(folder, 'folder.json'));
  expect(() => readSecretFile(root, pipeline, group('folder'))).toThrow(
    '[shop/demo] secret "folder" cannot be read (EISDIR); make .catchment/secrets/folder.json readable for you',
  );
});

it('takes the variable before the file, for groups and warehouses alike', () => {
  writeFileSync(join(folder, 'ch-main.json'), '{"user":"file","password":"p"}');
  const env = { CATCHMENT_SECRET_CH_MAIN: '{"user":"env","password":"p"}' };
  const warehouse = { name: 'main', kind: 'clickhouse', secret: 'ch-main' } as WarehouseConfig;
  expect(readWarehouseSecret(root, warehouse, env)).toEqual({ user: 'env', password: 'p' });
  expect(readWarehouseSecret(root, warehouse, {})).toEqual({ user: 'file', password: 'p' });
  expect(readSecretFile(root, pipeline, group('ch-main'), env)).toEqual({ user: 'env', password: 'p' });
});

it('needs no secret for a warehouse without one, and names the warehouse that lacks it', () => {
  const bare: WarehouseConfig = { name: 'main', kind: 'postgres', host: '127.0.0.1', database: 'd' };
  expect(readWarehouseSecret(root, bare, {})).toBeUndefined();
  expect(() => readWarehouseSecret(root, { ...bare, secret: 'pg-none' }, {})).toThrow(
    '[warehouse main] secret "pg-none" is missing: there is no .catchment/secrets/pg-none.json; write the JSON object ' +
      'of the secret to that file or to the variable CATCHMENT_SECRET_PG_NONE',
  );
});

it('quotes nothing of a variable that is no JSON', () => {
  const env = { CATCHMENT_SECRET_GONE: '{"token": "hush' };
  expect(() => readSecretFile(root, pipeline, group('gone'), env)).toThrow(
    '[shop/demo] secret "gone" is not JSON: CATCHMENT_SECRET_GONE; write one JSON object',
  );
});
