import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Extractor bodies against one declaration; `says` is what the compiler must answer, undefined when it must accept. */
const snippets = {
  'the names of the declaration': {
    body: `if (slice.table === 'report') yield { table: 'report', rows: [{ day: slice.window.start, token: secret.access_token, ids: settings.advertiserIds }] };`,
    says: undefined,
  },
  'a table that is not declared': {
    body: `yield { table: 'reprot', rows: [] };`,
    says: `Type '"reprot"' is not assignable to type '"people" | "report"'`,
  },
  'a secret field that is not declared': {
    body: `yield { table: 'people', rows: [{ token: secret.acess_token }] };`,
    says: `Property 'acess_token' does not exist`,
  },
  'a setting that is not declared': {
    body: `yield { table: 'people', rows: [{ ids: settings.advertiserIDs }] };`,
    says: `Property 'advertiserIDs' does not exist`,
  },
  'the window of a slice of a table that has none': {
    body: `if (slice.table === 'people') yield { table: 'people', rows: [{ day: slice.window.start }] };`,
    says: `Property 'window' does not exist`,
  },
  'a comparison with a table that is not declared': {
    body: `if (slice.table === 'peple') yield { table: 'people', rows: [] };`,
    says: `This comparison appears to be unintentional`,
  },
} as const;

let folder: string;
let diagnostics: string;

beforeAll(async () => {
  folder = await mkdtemp(join(root, '.catchment-types-'));
  for (const [index, { body }] of Object.values(snippets).entries())
    await writeFile(join(folder, `case${index}.ts`), fileWith(body));
  const compilerOptions = { noEmit: true };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  diagnostics = await promisify(execFile)(process.execPath, [
    tsc,
    '--noEmit',
    '--pretty',
    'false',
    '-p',
    folder,
  ]).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an extractor', () => {
  it.each(Object.entries(snippets).map(([name, { says }], index) => ({ name, says, index })))(
    'is checked by the compiler for $name',
    ({ index, says }) => {
      const mine = diagnostics.split(/\n(?=\S)/).filter((message) => message.includes(`case${index}.ts`));
      if (says === undefined) expect(mine).toEqual([]);
      else expect(mine.join('\n')).toContain(says);
    },
  );
});

function fileWith(body: string): string {
  return `
import { z } from 'zod';
import type { ExtractOf } from '../functions/core/extract.ts';
import { defineSource } from '../functions/core/source.ts';

export const source = defineSource({
  title: 'Typos', docs: 'https://example.com', hosts: [], runsOn: 'function',
  secret: z.object({ access_token: z.string() }),
  settings: z.object({ advertiserIds: z.array(z.string()) }),
  accounts: 'advertiserIds',
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    report: { key: ['day'], writeMode: 'merge', cursor: { kind: 'window', lag: 1, lookback: 0, maxSpan: 30 } },
    people: { key: ['id'], writeMode: 'merge', cursor: { kind: 'snapshot' } },
  },
});

export const extract: ExtractOf<typeof source> = async function* ({ slice, settings, secret }) {
  void slice; void settings; void secret;
  ${body}
};
`;
}
