import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseStackFile } from '../../infra/estate.ts';

const root = join(import.meta.dirname, '../..');
const pages = [
  'README.md',
  'docs/warehouses.md',
  ...readdirSync(join(root, 'functions'))
    .filter((name) => name !== 'core')
    .map((name) => `functions/${name}/README.md`),
];

/** Parts of stack files, as the pages show them. */
const examples = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => ({
    page,
    text,
  })),
);

/** Files that a reader writes, for tables of the example's own. */
const isReaders = (mistake: string) =>
  /has no schema file schemas\/|is no file of the project: got "transforms\//.test(mistake);

it('finds the examples of all sources', () => {
  expect(examples.length).toBeGreaterThanOrEqual(pages.length);
});

it.each(examples)('shows a part of a stack file without mistakes in $page', async ({ page, text }) => {
  const said = await parseStackFile(stackFile(text), { root, file: page }).then(
    () => [],
    (error: Error) => error.message.split('\n').slice(1),
  );
  expect(said.filter((mistake) => !isReaders(mistake))).toEqual([]);
});

function stackFile(text: string): string {
  if (text.startsWith('config:')) return text;
  const bare = text.replaceAll(new RegExp(`^${/^ */.exec(text)?.[0]}`, 'gm'), '');
  const [first = ''] = bare.split('\n');
  const pipelines = bare.startsWith('pipelines:') ? bare : `pipelines:\n${indented(bare)}`;
  const estate =
    first === 'warehouses:'
      ? bare.includes('\npipelines:')
        ? bare
        : `${bare}pipelines:\n  tiktok-marketing: { warehouse: main, groups: { g: { secret: s, advertiserIds: ["1"] } } }\n`
      : `warehouses: { main: { kind: bigquery, location: EU } }\n${pipelines}`;
  return `config:\n  gcp:project: acme-test\n  gcp:region: europe-west1\n  catchment:estate:\n${indented(indented(estate))}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
