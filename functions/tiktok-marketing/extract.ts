import type { ExtractOf } from '../core/extract.ts';
import { entityRow, readAdvertiser, readEntities } from './entities.ts';
import { readReport } from './report.ts';
import type { source } from './source.ts';

/** Pages of rows, and at the end the total that the vendor announced over all of them. */
export const extract: ExtractOf<typeof source> = async function* ({ slice, settings, http, log }) {
  const advertiserId = slice.origin;
  const reader = { http, log, advertiserId };
  switch (slice.table) {
    case 'ad_report_daily': {
      const { table, window } = slice;
      const pages = readReport({ ...reader, window, legacyEstimates: settings.legacyEstimates });
      let page = await pages.next();
      for (; !page.done; page = await pages.next()) yield { table, rows: page.value };
      return yield { table, rows: [], total: page.value };
    }
    case 'advertisers': {
      const advertiser = await readAdvertiser(reader);
      return yield { table: slice.table, rows: [entityRow(advertiser, advertiserId)], total: 1 };
    }
    default: {
      const { table } = slice;
      const pages = readEntities(reader, table);
      let page = await pages.next();
      for (; !page.done; page = await pages.next())
        yield { table, rows: page.value.map((record) => entityRow(record, advertiserId)) };
      return yield { table, rows: [], total: page.value };
    }
  }
};
