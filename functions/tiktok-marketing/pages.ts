import { z } from 'zod';
import { retryable } from '../core/errors.ts';
import type { Log } from '../core/extract.ts';
import type { Http, Query } from '../core/http/http.ts';
import type { VendorRecord } from './cells.ts';

/** A list that the vendor serves in pages. */
export interface PagedQuery {
  readonly http: Http;
  readonly log: Log;
  readonly advertiserId: string;
  /** Relative to the base URL; the trailing slash is mandatory. */
  readonly path: string;
  readonly query: Query;
  /** False for a record that came before: pages of one list must not overlap. */
  readonly isNew: (record: VendorRecord) => boolean;
}

/** The vendor's most; its default is 10. */
const pageSize = 1000;

const count = z.int().nonnegative();

const pageAnswer = z.object({
  code: z.number(),
  message: z.unknown(),
  data: z.object({
    list: z.array(z.custom<VendorRecord>((record) => typeof record === 'object' && record !== null)),
    page_info: z.object({ page: count, total_number: count, total_page: count }),
  }),
});

/**
 * All pages of a list, or an error: a page that repeats or is missing, or a total that changes between two pages, means
 * that rows were lost.
 *
 * @returns the number of records, which is also what the vendor announced
 * @throws retryable `vendor` when the pages do not make a whole
 */
export async function* readPages(
  paged: PagedQuery,
): AsyncGenerator<readonly VendorRecord[], number, undefined> {
  const { http, advertiserId, path, query, isNew } = paged;
  let announced: number | undefined;
  let read = 0;
  for (let page = 1; ; page++) {
    const body = await http.get(path, {
      query: { ...query, advertiser_id: advertiserId, page, page_size: pageSize },
      account: advertiserId,
    });
    const { list, page_info } = parsePage(paged, page, body);
    announced ??= page_info.total_number;
    if (page_info.page !== page) throw torn(paged, `page ${page} was asked for`, page_info.page);
    if (page_info.total_number !== announced)
      throw torn(
        paged,
        `the total was ${announced} on page 1, but not on page ${page}`,
        page_info.total_number,
      );
    const repeated = list.find((record) => !isNew(record));
    if (repeated !== undefined)
      throw torn(paged, `page ${page} repeats a record`, repeated.dimensions ?? 'a known id');
    read += list.length;
    if (list.length > 0) yield list;
    if (page >= page_info.total_page) break;
    if (list.length === 0) throw torn(paged, `page ${page} of ${page_info.total_page} is empty`, 0);
  }
  if (read !== announced) throw torn(paged, `${announced} records were announced`, read);
  return announced;
}

function parsePage(paged: PagedQuery, page: number, body: unknown) {
  const result = pageAnswer.safeParse(body);
  if (!result.success) {
    const mistakes = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw torn(paged, `page ${page} has not the documented shape (${mistakes.join('; ')})`);
  }
  const { code, message, data } = result.data;
  if (code !== 0) paged.log.warn({ path: paged.path, code, message }, 'TikTok answered with partial success');
  return data;
}

function torn({ path, advertiserId }: PagedQuery, what: string, got?: unknown) {
  return retryable('vendor', {
    where: 'tiktok-marketing',
    what: `${path} of advertiser ${advertiserId} is not whole: ${what}`,
    got,
    todo: 'nothing of this slice is loaded; the next run reads it again',
  });
}
