import { afterEach, expect, test } from 'vitest';
import { openScript, type Reader } from './testing.ts';

const opened: Reader[] = [];

afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});

async function open(answer: (path: string, query: URLSearchParams) => unknown): Promise<Reader> {
  const reader = await openScript(answer);
  opened.push(reader);
  return reader;
}

const info = (page: number, total: number, pages: number) => ({
  page,
  page_size: 1000,
  total_number: total,
  total_page: pages,
});
const body = (data: unknown, code = 0) => ({ code, message: 'OK', request_id: 'r1', data });
const day = { start: '2026-10-01', end: '2026-10-01' };

/** Lists are empty; the report is what the test says. */
const onlyReport = (report: unknown) => (path: string) =>
  path === 'report/integrated/get/' ? report : body({ list: [], page_info: info(1, 0, 0) });

test('another page than the one asked for is an error', async () => {
  const { snapshot } = await open(() => body({ list: [], page_info: info(3, 0, 0) }));
  await expect(snapshot('campaigns', '7')).rejects.toThrow(
    '[tiktok-marketing] campaign/get/ of advertiser 7 is not whole: page 1 was asked for: got 3; ' +
      'nothing of this slice is loaded; the next run reads it again',
  );
});

test('an answer without page_info is an error that names what is missing', async () => {
  const { snapshot } = await open(() => body({ list: [] }));
  await expect(snapshot('campaigns', '7')).rejects.toThrow(
    'page 1 has not the documented shape (data.page_info: ',
  );
});

test('an object that comes twice in one list is an error', async () => {
  const { snapshot } = await open(() =>
    body({ list: [{ campaign_id: '1' }, { campaign_id: '1' }], page_info: info(1, 2, 1) }),
  );
  await expect(snapshot('campaigns', '7')).rejects.toThrow('page 1 repeats a record: got "a known id"');
});

test('a partial success is read, and said in the log', async () => {
  const { snapshot, log } = await open(() => body({ list: [], page_info: info(1, 0, 0) }, 20001));
  expect(await snapshot('campaigns', '7')).toEqual({ rows: [], total: 0 });
  expect(log[0]).toContain('TikTok answered with partial success');
});

test('a report row of a day outside the window is an error', async () => {
  const row = { dimensions: { ad_id: '1', stat_time_day: '2026-10-02 00:00:00' }, metrics: {} };
  const { report } = await open(onlyReport(body({ list: [row], page_info: info(1, 1, 1) })));
  await expect(report('7', day)).rejects.toThrow(
    'the report of 2026-10-01 to 2026-10-01 has a row of another day: got "2026-10-02 00:00:00"',
  );
});

test('a report row without its parts is an error', async () => {
  const { report } = await open(onlyReport(body({ list: [{ ad_id: '1' }], page_info: info(1, 1, 1) })));
  await expect(report('7', day)).rejects.toThrow('a row of the report has not the documented shape');
});

test('an ad that the lists of ads do not know has its figures, and NULL for what they would tell', async () => {
  const metrics = { spend: '1.00', ad_name: 'Lost', adgroup_id: '1790000000200000001', new_metric: '3' };
  const row = { dimensions: { ad_id: '1', stat_time_day: '2026-10-01 00:00:00' }, metrics };
  const { report } = await open(onlyReport(body({ list: [row], page_info: info(1, 1, 1) })));
  const { rows } = await report('7', day);
  expect(rows[0]).toMatchObject({
    AMOUNT_SPENT_USD: '1.00',
    AD_NAME: 'Lost',
    FORMAT: undefined,
    PLATFORM: undefined,
  });
  expect(rows[0]).toMatchObject({ LANGUAGE: undefined, CALL_TO_ACTION: undefined, new_metric: '3' });
});

test('an advertiser that TikTok leaves out of its answer is named', async () => {
  const { snapshot } = await open(() => body({ list: [] }));
  await expect(snapshot('advertisers', '7')).rejects.toThrow(
    '[tiktok-marketing] TikTok does not know this advertiser, or the access token does not reach it: got "7"; ' +
      'check advertiserIds in the stack file, and that the advertiser has authorised the app',
  );
});

test('a report that grows too large between two pages starts again another time', async () => {
  const row = { dimensions: { ad_id: '1', stat_time_day: '2026-10-01 00:00:00' }, metrics: {} };
  const { report } = await open((path, query) => {
    if (path !== 'report/integrated/get/') return body({ list: [], page_info: info(1, 0, 0) });
    if (query.get('page') === '2') return { code: 40067, message: 'too large', request_id: 'r2', data: {} };
    return body({ list: [row], page_info: info(1, 2, 2) });
  });
  await expect(report('7', { start: '2026-10-01', end: '2026-10-02' })).rejects.toMatchObject({
    code: 'too-large',
  });
});
