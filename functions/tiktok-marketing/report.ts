import type { DayWindow } from '../core/cursor.ts';
import { fatal, isCatchmentError, retryable } from '../core/errors.ts';
import type { Row } from '../core/extract.ts';
import { type Attributes, readAttributes } from './attributes.ts';
import type { VendorRecord } from './cells.ts';
import { dayOf, idText } from './cells.ts';
import type { AccountReader } from './entities.ts';
import { readPages } from './pages.ts';
import { askedMetrics, reportRow } from './report-row.ts';

export interface ReportRequest extends AccountReader {
  readonly window: DayWindow;
  readonly legacyEstimates: boolean;
}

/**
 * The vendor cuts a report off without a word, newest ads first: at 20,000 of them, by older notes and by query mode at
 * 10,000. An answer with exactly so many is not trusted.
 *
 * @see https://business-api.tiktok.com/portal/docs?id=1740302848100353 (run a synchronous report)
 */
const cutOffs = [10_000, 20_000];

const dayMs = 86_400_000;

/**
 * Daily figures of all ads of one advertiser, deleted ads included.
 *
 * @returns the number of rows, which is also what the vendor announced
 * @throws retryable `vendor` when pages are missing; `too-large` when a single day is too much for the vendor
 */
export async function* readReport(request: ReportRequest): AsyncGenerator<readonly Row[], number, undefined> {
  const attributes = await readAttributes(request);
  return yield* readWindow(request, attributes, request.window);
}

async function* readWindow(
  request: ReportRequest,
  attributes: Attributes,
  window: DayWindow,
): AsyncGenerator<readonly Row[], number, undefined> {
  const seen = createRowSet(window);
  const pages = readPages({
    ...request,
    path: 'report/integrated/get/',
    query: {
      report_type: 'BASIC',
      service_type: 'AUCTION',
      data_level: 'AUCTION_AD',
      dimensions: '["ad_id","stat_time_day"]',
      metrics: JSON.stringify(askedMetrics),
      start_date: window.start,
      end_date: window.end,
      // Without it ads that were deleted since are missing from their own history.
      filtering: '[{"field_name":"ad_status","filter_type":"IN","filter_value":"[\\"STATUS_ALL\\"]"}]',
    },
    isNew: (record) => seen.add(record),
  });
  let isStarted = false;
  try {
    for (;;) {
      const { done, value } = await pages.next();
      if (done) {
        refuseCutOff(request, seen.ads);
        return value;
      }
      isStarted = true;
      yield value.map((record) => reportRow(record, attributes, request.legacyEstimates));
    }
  } catch (error) {
    // Rows that went out already cannot be told from those of a smaller window: the slice starts again another time.
    if (!isTooLarge(error) || isStarted) throw error;
  }
  const [older, newer] = halves(request, window);
  const before = yield* readWindow(request, attributes, older);
  return before + (yield* readWindow(request, attributes, newer));
}

interface RowSet {
  /** False when the same ad and day came before. */
  add(record: VendorRecord): boolean;
  readonly ads: number;
}

/** One bit per day of the window, which has 30 at most, for each ad: 600,000 rows fit in a few megabytes. */
function createRowSet(window: DayWindow): RowSet {
  const first = Date.parse(window.start);
  const days = daysOf(window);
  const masks = new Map<string, number>();
  return {
    add(record) {
      const { ad_id, stat_time_day } = dimensionsOf(record);
      const day = (Date.parse(dayOf(stat_time_day)) - first) / dayMs;
      if (!(day >= 0 && day < days))
        throw retryable('vendor', {
          where: 'tiktok-marketing',
          what: `the report of ${window.start} to ${window.end} has a row of another day`,
          got: stat_time_day,
          todo: 'nothing of this slice is loaded',
        });
      const id = idText(ad_id) ?? '';
      const mask = masks.get(id) ?? 0;
      masks.set(id, mask | (1 << day));
      return (mask & (1 << day)) === 0;
    },
    get ads() {
      return masks.size;
    },
  };
}

function dimensionsOf({ dimensions, metrics }: VendorRecord): VendorRecord {
  if (isRecord(dimensions) && isRecord(metrics)) return dimensions;
  throw retryable('vendor', {
    where: 'tiktok-marketing',
    what: 'a row of the report has not the documented shape',
    got: { dimensions, metrics },
    allowed: '{dimensions: {ad_id, stat_time_day}, metrics: {…}}',
    todo: 'nothing of this slice is loaded',
  });
}

function isRecord(value: unknown): value is VendorRecord {
  return typeof value === 'object' && value !== null;
}

function isTooLarge(error: unknown): boolean {
  return isCatchmentError(error) && error.code === 'too-large';
}

function halves({ advertiserId }: ReportRequest, window: DayWindow): [DayWindow, DayWindow] {
  const days = daysOf(window);
  if (days === 1)
    throw retryable('too-large', {
      where: 'tiktok-marketing',
      what: `the report of advertiser ${advertiserId} is too large for TikTok (code 40067) even for one day`,
      got: window.start,
      todo: 'nothing of this slice is loaded; the next run tries again; if it stays, ask TikTok for a larger quota',
    });
  const middle = Date.parse(window.start) + Math.floor(days / 2) * dayMs;
  return [
    { start: window.start, end: formatDay(middle - dayMs) },
    { start: formatDay(middle), end: window.end },
  ];
}

function refuseCutOff({ advertiserId }: ReportRequest, ads: number): void {
  if (!cutOffs.includes(ads)) return;
  throw fatal('too-large', {
    where: 'tiktok-marketing',
    what: `the report of advertiser ${advertiserId} has just as many ads as TikTok cuts reports off at`,
    got: ads,
    todo: 'nothing of this slice is loaded; ask for fewer days, or move campaigns to another advertiser',
  });
}

function daysOf({ start, end }: DayWindow): number {
  return (Date.parse(end) - Date.parse(start)) / dayMs + 1;
}

function formatDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
