import type { Fault } from '../../core/sandbox.ts';
import { type Envelope, type Page, VendorError } from './answer.ts';
import type { ReportRecord } from './report.ts';

export interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** What a fault changes; each part is asked for every request. */
export interface Behaviour {
  /** Throws what the vendor answers instead. */
  readonly before?: (asked: Asked & { readonly served: number }) => void;
  /** The body's text, instead of the envelope as it is. */
  readonly body?: (asked: Asked & { readonly envelope: Envelope }) => string;
  readonly transport?: (asked: { readonly path: string; readonly served: number }) => Transport;
  /** Serves smaller pages than asked for, so that little data has several. */
  readonly pageCap?: number;
  /** Rows times metrics beyond which a report is too large. */
  readonly maxCells?: number;
}

export type Transport = 'whole' | 'reset' | 'cut' | 'http-500';

interface FaultWithBehaviour extends Fault {
  readonly start: () => Behaviour;
}

const reportPath = 'report/integrated/get/';

const catalogue: readonly FaultWithBehaviour[] = [
  {
    name: 'rate-limit-burst',
    what: 'the third and fourth request are answered 40100',
    ends: 'succeeded',
    start: () => ({
      before({ served }) {
        if (served === 3 || served === 4)
          throw new VendorError(40100, 'Too many requests. Please retry in some time.');
      },
    }),
  },
  {
    name: 'rate-limited-for-ever',
    what: 'every request is answered 40100',
    ends: 'deferred',
    says: '40100',
    start: () => ({
      before() {
        throw new VendorError(40100, 'Too many requests. Please retry in some time.');
      },
    }),
  },
  {
    name: 'server-errors',
    what: 'the first two requests are answered HTTP 500 with a page of HTML',
    ends: 'succeeded',
    start: () => ({ transport: ({ served }) => (served <= 2 ? 'http-500' : 'whole') }),
  },
  {
    name: 'system-errors',
    what: 'the first two requests are answered 50000 inside HTTP 200',
    ends: 'succeeded',
    start: () => ({
      before({ served }) {
        if (served <= 2) throw new VendorError(50000, 'System error.');
      },
    }),
  },
  {
    name: 'token-wrong',
    what: 'the access token is not the right one',
    ends: 'failed',
    says: '40105',
    start: () => ({
      before() {
        throw new VendorError(40105, 'Access token is incorrect or has been revoked.');
      },
    }),
  },
  {
    name: 'token-expires',
    what: 'the access token expires between two pages of a report, and stays expired',
    ends: 'failed',
    says: '40102',
    start() {
      let hasExpired = false;
      return {
        pageCap: 5,
        before({ path, query }) {
          hasExpired ||= path === reportPath && query.page === '2';
          if (hasExpired) throw new VendorError(40102, 'Access token has expired.');
        },
      };
    },
  },
  {
    name: 'truncated-body',
    what: 'the first report answer stops in the middle of its JSON',
    ends: 'succeeded',
    start: () => ({ transport: onceOnReport('cut') }),
  },
  {
    name: 'connection-reset',
    what: 'the connection of the first report request is cut',
    ends: 'succeeded',
    start: () => ({ transport: onceOnReport('reset') }),
  },
  {
    name: 'repeated-page',
    what: 'page 2 of a report holds the rows of page 1 again',
    ends: 'partial',
    says: 'repeats a record',
    start() {
      let first: readonly ReportRecord[] = [];
      return {
        pageCap: 5,
        body: onReport((page, asked) => {
          if (asked.page === '1') first = page.list;
          return asked.page === '2' ? { ...page, list: first.slice(0, page.list.length) } : page;
        }),
      };
    },
  },
  {
    name: 'shrinking-total',
    what: 'the total of a report is smaller on page 2',
    ends: 'partial',
    says: 'the total was',
    start: () => ({
      pageCap: 5,
      body: onReport((page, asked) => {
        const { page_info } = page;
        if (asked.page !== '2') return page;
        return { ...page, page_info: { ...page_info, total_number: page_info.total_number - 1 } };
      }),
    }),
  },
  {
    name: 'missing-page',
    what: 'page 2 of a report is empty',
    ends: 'partial',
    says: 'is empty',
    start: () => ({
      pageCap: 5,
      body: onReport((page, asked) => (asked.page === '2' ? { ...page, list: [] } : page)),
    }),
  },
  {
    name: 'missing-row',
    what: 'a report announces one row more than it holds',
    ends: 'partial',
    says: 'records were announced',
    start: () => ({ body: onReport((page) => ({ ...page, list: page.list.slice(1) })) }),
  },
  {
    name: 'query-too-large',
    what: 'reports of more than about a day are answered 40067',
    ends: 'succeeded',
    start: () => ({ maxCells: 10 * 23 }),
  },
  {
    name: 'day-too-large',
    what: 'reports of even one day are answered 40067',
    ends: 'partial',
    says: 'even for one day',
    start: () => ({ maxCells: 0 }),
  },
  {
    name: 'garbage-cell',
    what: 'the first row of each report page has a word for its impressions',
    ends: 'succeeded',
    start: () => ({
      body: onReport((page) => ({
        ...page,
        list: page.list.map((record, index) =>
          index === 0 ? { ...record, metrics: { ...record.metrics, impressions: 'many' } } : record,
        ),
      })),
    }),
  },
  {
    name: 'new-field',
    what: 'lists of ads carry a field that nobody asked for',
    ends: 'succeeded',
    start: () => ({
      body: ({ path, envelope }) => {
        if (path !== 'ad/get/' || envelope.code !== 0) return JSON.stringify(envelope);
        const data = envelope.data as Page<object>;
        const list = data.list.map((ad) => ({ ...ad, aigc_disclosure_type: 'NOT_DECLARED' }));
        return JSON.stringify({ ...envelope, data: { ...data, list } });
      },
    }),
  },
  {
    name: 'empty',
    what: 'the advertisers have no campaigns, ads or figures',
    ends: 'succeeded',
    start: () => ({
      body: ({ path, query, envelope }) => {
        if (path === 'advertiser/info/' || envelope.code !== 0) return JSON.stringify(envelope);
        const page_info = { page: Number(query.page), page_size: 1000, total_number: 0, total_page: 0 };
        return JSON.stringify({ ...envelope, data: { list: [], page_info } });
      },
    }),
  },
];

/** Every way in which this sandbox can misbehave, and how a run against it must end. */
export const faults: readonly Fault[] = catalogue.map(({ start: _, ...fault }) => fault);

/** @throws RangeError for a name that is not in `faults` */
export function startBehaviour(name: string | undefined): Behaviour {
  if (name === undefined) return {};
  const fault = catalogue.find((candidate) => candidate.name === name);
  if (fault !== undefined) return fault.start();
  throw new RangeError(
    `there is no fault "${name}"; allowed: ${catalogue.map((known) => known.name).join(', ')}`,
  );
}

type ReportPage = Page<ReportRecord>;

function onReport(change: (page: ReportPage, query: Readonly<Record<string, string>>) => ReportPage) {
  return ({ path, query, envelope }: Asked & { readonly envelope: Envelope }): string => {
    const isReport = path === reportPath && envelope.code === 0;
    const data = isReport ? change(envelope.data as ReportPage, query) : envelope.data;
    return JSON.stringify({ ...envelope, data });
  };
}

function onceOnReport(transport: Transport) {
  let isDone = false;
  return ({ path }: { readonly path: string }): Transport => {
    if (isDone || path !== reportPath) return 'whole';
    isDone = true;
    return transport;
  };
}
