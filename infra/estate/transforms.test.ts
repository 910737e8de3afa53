import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixtureProject } from '../testing/estate-fixture.ts';
import { readTransforms } from './transforms.ts';

const columns = [
  { name: 'id', type: 'INTEGER' },
  { name: 'created_at', type: 'TIMESTAMP' },
];
const project = fixtureProject({ 'ads/stats': columns });
mkdirSync(join(project.root, 'transforms'));
const file = (name: string, sql: string) => {
  writeFileSync(join(project.root, 'transforms', name), sql);
  return `transforms/${name}`;
};
const whole = file('whole.sql', 'select id, created_at from {{dataset}}.log;\n');
const since = file('since.sql', 'select id, created_at from {{dataset}}.log where created_at >= {{since}}');

function read(value: unknown, groups = 1) {
  const said: string[] = [];
  const transforms = readTransforms({
    value,
    root: project.root,
    sourceName: 'ads',
    tables: [
      {
        declared: 'log',
        name: 'log',
        schema: 'ads/log',
        key: [],
        writeMode: 'append',
        cursor: { kind: 'snapshot' },
      },
    ],
    groups,
    path: ['t'],
    report: ({ path, what }) => said.push(`${path.join('.')} ${what}`),
  });
  return { transforms, said };
}

it('reads a transform with its SQL, merged by its key and from its watermark on', () => {
  const entry = {
    sql: since,
    after: ['log'],
    schema: 'ads/stats',
    key: ['id'],
    watermark: 'created_at',
    lookback: 60,
  };
  expect(read({ stats: entry })).toEqual({
    transforms: [
      {
        declared: 'stats',
        name: 'stats',
        schema: 'ads/stats',
        key: ['id'],
        writeMode: 'merge',
        cursor: { kind: 'watermark', field: 'created_at', lookback: 60 },
        sql: 'select id, created_at from {{dataset}}.log where created_at >= {{since}}',
        after: ['log'],
      },
    ],
    said: [],
  });
});

it('replaces the table of a transform without a key, and lets one read another before it', () => {
  const { transforms, said } = read({
    stats: { sql: whole, after: ['log'] },
    more: { sql: whole, after: ['stats'], schema: 'ads/stats' },
  });
  expect(said).toEqual([]);
  expect(transforms.map(({ declared, writeMode, sql }) => [declared, writeMode, sql])).toEqual([
    ['stats', 'replace', 'select id, created_at from {{dataset}}.log'],
    ['more', 'replace', 'select id, created_at from {{dataset}}.log'],
  ]);
});

it('names every mistake', () => {
  expect(read({ log: { sql: whole, after: ['log'], schema: 'ads/stats' } }).said).toEqual([
    't.log has the name of a table of this pipeline',
  ]);
  expect(read({ stats: { sql: 'transforms/no.sql', after: ['lag'] } }).said).toEqual([
    't.stats.after.0 is no table of this pipeline, and no transform before this one',
    't.stats.sql is no file of the project',
  ]);
  expect(read({ stats: { sql: '../../etc/hosts', after: ['log'] } }).said).toEqual([
    't.stats.sql is no file of the project',
  ]);
  expect(read({ stats: { sql: since, after: ['log'] } }).said).toEqual([
    't.stats.watermark is missing: the SQL asks for {{since}}',
  ]);
  expect(read({ stats: { sql: whole, after: ['log'], watermark: 'created_at', key: ['id'] } }).said).toEqual([
    't.stats.watermark is of no use: the SQL does not ask for {{since}}',
  ]);
  const twoGroups = { sql: since, after: ['log'], key: ['id'], watermark: 'created_at' };
  expect(read({ stats: twoGroups }, 2).said).toEqual([
    't.stats.watermark would pass over rows that another group loads later',
  ]);
  expect(read({ stats: { sql: file('empty.sql', ' \n;'), after: ['log'] } }).said).toEqual([
    't.stats.sql is an empty file',
  ]);
  expect(read({ stats: { sql: file('long.sql', 'x'.repeat(8001)), after: ['log'] } }).said).toEqual([
    't.stats.sql is too long for a handler’s environment',
  ]);
  expect(read({ other: { sql: whole, after: ['log'] } }).said).toEqual([
    't.other has no schema file schemas/ads/other.json',
  ]);
});
