import { fatal } from '../core/errors.ts';
import type { ExtractOf, ProbeOf } from '../core/extract.ts';
import { isBefore } from '../core/run/plan-watermark.ts';
import type { Column } from '../core/schema.ts';
import { createApi } from './api.ts';
import { fieldPath, filterOf, targetOf, watermarkText } from './query.ts';
import { rowMaker } from './rows.ts';
import type { source } from './source.ts';
import type { Document } from './values.ts';
import { readValue } from './values.ts';

export { inspect } from './inspect.ts';

/**
 * Reads a collection page by page, all pages at the moment of the first one: what is written meanwhile neither doubles
 * nor hides a document. Firestore keeps a moment for an hour.
 */
export const extract: ExtractOf<typeof source> = async function* ({ slice, settings, http, columns }) {
  const api = createApi(http, slice.table);
  const { parent, from } = targetOf(settings, slice.options);
  // A snapshot has no range; the first run of a watermark reads documents without its field too.
  const { range, field } = slice;
  const watermark = range?.from === undefined ? undefined : watermarkOf(columns, field, slice.table);
  const where = range === undefined || watermark === undefined ? undefined : filterOf(watermark, range);
  const orderBy = [...(watermark === undefined ? [] : [fieldPath(watermark)]), '__name__'].map(ascending);
  const toRow = rowMaker(columns);

  let readTime: string | undefined;
  let last: Document | undefined;
  for (;;) {
    const startAt = last === undefined ? undefined : { values: place(last, watermark), before: false };
    const page = await api.query(
      parent,
      { from, where, orderBy, limit: settings.pageSize, startAt },
      readTime,
    );
    const moment = page.readTime;
    const isFirst = readTime === undefined;
    readTime = moment;
    const rows = page.documents.map((document) => toRow(document, moment));
    const total = isFirst ? { total: await api.count(parent, { from, where }, moment) } : {};
    if (isFirst || rows.length > 0) yield { table: slice.table, rows, ...total };
    if (rows.length < settings.pageSize) return;
    last = page.documents.at(-1);
  }
};

/** The newest value of the watermark's field, as one range: a query cannot be cut without reading it. */
export const probe: ProbeOf<typeof source> = async ({
  table,
  options,
  settings,
  http,
  columns,
  ...asked
}) => {
  const watermark = watermarkOf(columns, asked.field, table);
  const path = fieldPath(watermark);
  const { parent, from } = targetOf(settings, options);
  const newest = { from, orderBy: [{ field: { fieldPath: path }, direction: 'DESCENDING' }], limit: 1 };
  const { documents } = await createApi(http, table).query(parent, newest);
  const name = watermark.sourceName ?? watermark.name;
  const value = documents[0]?.fields?.[name];
  if (value === undefined) return [];
  const to = watermarkText(watermark, readValue(value));
  if (to === undefined)
    throw fatal('bad-schema', {
      where: table,
      what: `the newest value of the watermark "${name}" is of another kind than its column`,
      got: Object.keys(value as object)[0],
      allowed: watermark.type,
      todo: 'correct the schema file, or name another watermark in the stack file',
    });
  const { from: begin, isOpen } = asked;
  if (begin !== undefined && isBefore(to, begin)) return [];
  // Rows of the newest value itself wait when they would be appended, so a value that was reached brings nothing.
  if (isOpen && begin === to) return [];
  return [{ ...(begin === undefined ? {} : { from: begin }), to, ...(isOpen ? { isOpen } : {}) }];
};

function watermarkOf(columns: readonly Column[], field: string | undefined, table: string): Column {
  const column = columns.find(({ name }) => name === field);
  if (column !== undefined) return column;
  throw fatal('bad-schema', {
    where: table,
    what: 'the watermark is no column of the schema file',
    got: field,
    allowed: columns.map(({ name }) => name),
  });
}

function ascending(path: string) {
  return { field: { fieldPath: path }, direction: 'ASCENDING' };
}

/** Where a page ends: the values that the order compares. */
function place(document: Document, watermark: Column | undefined): unknown[] {
  const reference = { referenceValue: document.name };
  if (watermark === undefined) return [reference];
  return [document.fields?.[watermark.sourceName ?? watermark.name], reference];
}
