import { expect, it } from 'vitest';
import type { Estate } from '../../infra/estate.ts';
import { nextCommands } from './next.ts';

const now = new Date('2026-11-20T12:00:00Z');
const files = {
  name: 'files',
  groups: [{ name: 'demo', timeZone: 'UTC' }],
  tables: [{ cursor: { kind: 'objects' } }],
};
const daily = { ...files, name: 'daily', tables: [{ cursor: { kind: 'window' } }] };
const estate = (stack: string, ...pipelines: unknown[]) =>
  ({ stack, pipelines, warehouses: { main: { kind: 'duckdb' } } }) as unknown as Estate;

it('asks for a table that holds rows, and for days where there is a table read by days', () => {
  expect(
    nextCommands(
      estate('local', files, daily),
      [{ name: 'vega.flights', query: 'from vega.flights limit 10' }],
      now,
    ),
  ).toEqual([
    'npx catchment query "from vega.flights limit 10"',
    'npx catchment status',
    'npx catchment run daily --group demo --from 2026-11-13 --to 2026-11-19',
  ]);
});

it('asks for the list of tables when none holds rows, and names a stack that is not the default', () => {
  expect(nextCommands(estate('mine', files), [], now)).toEqual([
    'npx catchment query "show all tables" --stack mine',
    'npx catchment status --stack mine',
    'npx catchment run files --group demo --stack mine',
  ]);
});
