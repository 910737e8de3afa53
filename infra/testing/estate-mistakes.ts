import { expect } from 'vitest';
import { isCatchmentError } from '../../functions/core/errors.ts';
import { type EstateOptions, parseStackFile } from '../estate.ts';

/** A stack file on BigQuery with these pipelines, from line 8 on. */
export function stackFile(pipelines: string, warehouse = '{ kind: bigquery, location: EU }'): string {
  const indented = pipelines.replace(/^(?=.)/gm, '      ');
  return `config:
  gcp:project: acme-test
  gcp:region: europe-west1
  catchment:estate:
    warehouses:
      main: ${warehouse}
    pipelines:
${indented}`;
}

export const good = 'groups: { a: { secret: ads-a, accountIds: ["1"] } }';

/** The lines of the error below its heading, which says how many they are. */
export async function mistakesOf(text: string, options: EstateOptions): Promise<string[]> {
  const error: unknown = await parseStackFile(text, options).then(
    () => new Error('no mistake was found'),
    (thrown: unknown) => thrown,
  );
  if (!isCatchmentError(error)) throw error;
  expect([error.kind, error.code]).toEqual(['fatal', 'bad-input']);
  const [heading = '', ...lines] = error.message.split('\n');
  expect(heading).toBe(
    `[${options.file}] has ${lines.length === 1 ? '1 mistake' : `${lines.length} mistakes`}`,
  );
  return lines.map((line) => line.trim());
}
