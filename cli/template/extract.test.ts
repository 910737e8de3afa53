import { afterEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../functions/core/extract.ts';
import { createHttp } from '../../functions/core/http/client.ts';
import type { Sandbox } from '../../functions/core/sandbox.ts';
import { createRedactor } from '../../functions/core/secrets.ts';
import { extract } from './extract.ts';
import { startSandbox } from './sandbox.ts';
import { source } from './source.ts';

const { signal } = new AbortController();
const log = { debug() {}, info() {}, warn() {} };
let sandbox: Sandbox | undefined;
afterEach(() => sandbox?.close());

async function read(includeDrafts: boolean): Promise<Batch[]> {
  sandbox = await startSandbox();
  const { baseUrl, secret } = sandbox;
  const { http } = createHttp({
    policy: source.http ?? { baseUrl: '' },
    hosts: source.hosts,
    baseUrl,
    secret,
    redactor: createRedactor([secret]),
    where: 'my-source/test',
    signal,
  });
  const slice = { table: 'items', origin: '-', options: undefined } as const;
  const settings = { includeDrafts };
  const batches: Batch[] = [];
  const context = {
    slice,
    settings,
    secret: source.secret.parse(secret),
    http,
    signal,
    log,
    columns: [],
    accepts: [],
    ahead: [],
    scratch: () => Promise.reject(new Error('no files')),
  };
  for await (const batch of extract(context)) batches.push(batch);
  return batches;
}

// Its name is what `-t` looks for.
describe('my-source', () => {
  it('reads every page, and names the total on the first one', async () => {
    const batches = await read(true);
    const sizes = batches.map((batch) => ('rows' in batch ? [batch.rows.length, batch.total] : []));
    expect(sizes).toEqual([
      [50, 120],
      [50, undefined],
      [20, undefined],
    ]);
  });

  it('yields items as the vendor sends them', async () => {
    const [batch] = await read(true);
    expect(batch?.table).toBe('items');
    expect(batch !== undefined && 'rows' in batch ? batch.rows[0] : undefined).toEqual({
      id: 'item-1',
      name: 'Item 1',
      price: '1.00',
      is_draft: false,
      updated_at: '2026-01-01T00:00:00.000Z',
    });
  });

  it('leaves drafts out when the group says so', async () => {
    const rows = (await read(false)).flatMap((batch) => ('rows' in batch ? batch.rows : []));
    expect(rows).toHaveLength(108);
    expect(rows.filter((row) => row.is_draft)).toEqual([]);
  });
});
