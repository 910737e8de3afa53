import { z } from 'zod';
import type { ExtractOf } from '../../functions/core/extract.ts';
import type { source } from './source.ts';

/** One page of `GET items`, as the vendor documents it. */
const page = z.object({
  total: z.number(),
  next_page: z.number().nullable(),
  items: z.array(z.record(z.string(), z.unknown())),
});

export const extract: ExtractOf<typeof source> = async function* ({ settings, http }) {
  for (let at: number | null = 1; at !== null; ) {
    const query = { page: at, drafts: settings.includeDrafts };
    const { items, total, next_page } = page.parse(await http.get('items', { query }));
    yield { table: 'items', rows: items, ...(at === 1 ? { total } : {}) };
    at = next_page;
  }
};
