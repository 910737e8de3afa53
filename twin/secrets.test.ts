import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Group, Pipeline } from '../functions/core/pipeline.ts';
import { readSecretFile } from './secrets.ts';

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
      'secret to that file, or set "sandbox: true" on the group',
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
