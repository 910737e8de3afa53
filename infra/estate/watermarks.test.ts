import { expect, it } from 'vitest';
import { source as database } from '../../functions/database/source.ts';
import { source as files } from '../../functions/files/source.ts';
import type { Finding } from './mistake.ts';
import { readTables } from './tables.ts';

function read(entry: unknown, source: typeof database | typeof files = database) {
  const findings: Finding[] = [];
  const report = (finding: Finding) => void findings.push(finding);
  const tables = readTables({
    value: { t: entry },
    sourceName: 'database',
    source,
    path: ['tables'],
    report,
  });
  const said = findings.map(({ path, what, todo }) =>
    [path.join('.'), what, todo].filter(Boolean).join(' | '),
  );
  return { table: tables[0], said };
}

it('makes an entry with a watermark a merge that looks an hour back, and one without a catalog', () => {
  expect(read({ from: 'a.b', key: ['id'], watermark: 'at' }).table).toMatchObject({
    writeMode: 'merge',
    cursor: { kind: 'watermark', field: 'at', lookback: 3600 },
  });
  expect(read({ from: 'a.b', key: ['id'], watermark: 'at', lookback: 60 }).table?.cursor).toMatchObject({
    lookback: 60,
  });
  expect(read({ from: 'a.b', watermark: 'id', writeMode: 'append' }).table).toMatchObject({
    writeMode: 'append',
    cursor: { kind: 'watermark', field: 'id', lookback: 0 },
  });
  expect(read({ from: 'a.b' }).table).toMatchObject({ writeMode: 'replace', cursor: { kind: 'snapshot' } });
});

it.each([
  [
    { from: 'a.b', watermark: 'at' },
    'tables.t.writeMode | cannot be carried out | name its key columns in `key`, or say writeMode: append',
  ],
  [
    { from: 'a.b', key: ['id'], watermark: 'at', writeMode: 'replace' },
    'tables.t.writeMode | cannot be carried out',
  ],
  [{ from: 'a.b', lookback: 5 }, 'tables.t.lookback | has no watermark to look back from'],
  [{ from: 'a.b', key: ['id'], watermark: 'at', lookback: -1 }, 'tables.t.lookback | is wrong'],
  [{ from: 'a.b', key: ['id'], watermark: '' }, 'tables.t.watermark | is wrong'],
  [
    { from: 'a.b', watermark: 'at', writeMode: 'append', lookback: 5 },
    'tables.t | table "t" appends rows that are read again | set lookback to 0, or name a key and use merge',
  ],
  [{ key: ['id'], watermark: 'at' }, 'tables.t.from | is wrong'],
  [{ from: 'a.b', query: 'SELECT 1' }, 'tables.t.from | is wrong'],
])('tells what is wrong with %j', (entry, mistake) => {
  expect(read(entry).said).toContain(mistake);
});

it('knows no watermark for sources that cannot read by one', () => {
  expect(read({ path: 'x.csv', watermark: 'at' }, files).said).toEqual([
    expect.stringContaining('tables.t.watermark | is not a known key'),
  ]);
});

it('refuses an open connection to another machine', () => {
  const settings = { kind: 'postgres', host: 'db.internal', database: 'shop', sslMode: 'disable' };
  expect(database.settings.safeParse(settings).error?.issues[0]).toMatchObject({
    path: ['sslMode'],
    message: expect.stringContaining('disable is for a server on this machine'),
  });
  expect(database.settings.safeParse({ ...settings, host: '127.0.0.1' }).success).toBe(true);
  expect(database.settings.safeParse({ kind: 'mysql' }).error?.issues.map(({ path }) => path)).toEqual([
    ['host'],
    ['database'],
  ]);
});
