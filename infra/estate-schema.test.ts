import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSources, loadSource } from './estate/sources.ts';
import { estateJsonSchema } from './estate-schema.ts';
import { fixtureProject } from './testing/estate-fixture.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
}

function at(schema: Schema, ...path: string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((inner, key) => {
    if (key !== '*') return inner?.properties?.[key];
    return inner?.additionalProperties === false ? undefined : inner?.additionalProperties;
  }, schema);
}

async function fixtureSchema(): Promise<Schema> {
  const { loadSource: load, sourceNames = [] } = fixtureProject();
  const entries = sourceNames.map(async (name) => [name, await load?.(name)] as const);
  const sources = (await Promise.all(entries)).flatMap(([name, source]) =>
    source ? [[name, source] as const] : [],
  );
  return estateJsonSchema(Object.fromEntries(sources));
}

const estatePath = ['config', 'catchment:estate'];

test('an editor knows the settings of each source, and that there are no others', async () => {
  const schema = await fixtureSchema();
  const [group] = at(schema, ...estatePath, 'pipelines', 'ads', 'groups', '*')?.anyOf ?? [];
  expect(Object.keys(group?.properties ?? {})).toEqual([
    'secret',
    'timeZone',
    'sandbox',
    'accountIds',
    'level',
  ]);
  expect(group?.properties?.level?.enum).toEqual(['ad', 'campaign']);
  expect(group?.additionalProperties).toBe(false);
});

test('an editor knows the tables of each source, and the options of tables that are added', async () => {
  const schema = await fixtureSchema();
  const ads = at(schema, ...estatePath, 'pipelines', 'ads', 'tables');
  expect(Object.keys(ads?.properties ?? {})).toEqual(['report', 'ads']);
  expect(ads?.additionalProperties).toBe(false);
  const added = at(schema, ...estatePath, 'pipelines', 'shelf', 'tables', '*');
  expect(added?.required).toEqual(['path']);
  expect(added?.properties?.format?.enum).toEqual(['csv', 'parquet']);
});

test('a pipeline of another name says which source it is', async () => {
  const other = at(await fixtureSchema(), ...estatePath, 'pipelines', '*');
  expect(other?.anyOf?.map((shape) => shape.properties?.source?.const)).toEqual(['ads', 'shelf']);
  expect(other?.anyOf?.map((shape) => shape.required)).toEqual([
    ['source', 'groups'],
    ['source', 'groups'],
  ]);
});

test('every source of the project fits into the schema', async () => {
  const root = join(import.meta.dirname, '..');
  const names = listSources(root);
  expect(readdirSync(join(root, 'functions'))).toEqual(expect.arrayContaining(names));
  const sources = await Promise.all(names.map(async (name) => [name, await loadSource(root, name)] as const));
  const pipelines = at(estateJsonSchema(Object.fromEntries(sources)), ...estatePath, 'pipelines');
  expect(Object.keys(pipelines?.properties ?? {})).toEqual(names);
});
