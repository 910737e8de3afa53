import type { DayWindow, WriteMode } from '../cursor.ts';
import { writeModes } from '../cursor.ts';
import { fatal } from '../errors.ts';
import type { Group, Pipeline } from '../pipeline.ts';
import { addDays, isDay, subtractMonths, today } from '../run/days.ts';
import { possibleWriteModes } from '../source.ts';
import type { Given, Resnapshot } from './resnapshot.ts';
import { parseResnapshot } from './resnapshot.ts';

/** What a caller asks for, checked. */
export interface Order extends Resnapshot {
  readonly group: string;
  /** Days to load beside the cursor; undefined for the incremental run. */
  readonly window?: DayWindow | undefined;
  readonly writeMode?: WriteMode | undefined;
  /** Goes on only with a run that was deferred. */
  readonly isResume?: boolean | undefined;
}

/** How the fields of an order are called where it comes from: a request or a command line. */
export interface OrderNames {
  readonly group: string;
  readonly from: string;
  readonly to: string;
  readonly months: string;
  readonly writeMode: string;
  readonly resume: string;
  readonly resnapshot: string;
  readonly table: string;
}

/** Most months that one backfill may ask for: five years. */
const mostMonths = 60;

const monthsAllowed = `whole numbers from 1 to ${mostMonths}`;

/**
 * Checks an order against its pipeline. Without days it is the incremental run.
 *
 * @param fields values by their name in `names`; anything else is refused
 * @throws fatal `bad-input` whose `field` is one of `names`, or the name that is unknown
 */
export function parseOrder(
  fields: Readonly<Record<string, unknown>>,
  {
    pipeline,
    names,
    now,
  }: { readonly pipeline: Pipeline; readonly names: Partial<OrderNames>; readonly now: Date },
): Order {
  const where = pipeline.name;
  const allowed = Object.values(names);
  for (const field of Object.keys(fields))
    if (!allowed.includes(field))
      throw fatal('bad-input', { where, what: `unknown field "${field}"`, field, allowed });

  const take = (name: keyof OrderNames): Given | undefined => {
    const field = names[name];
    const value = field === undefined ? undefined : fields[field];
    return field === undefined || value === undefined || value === null ? undefined : { field, value };
  };
  const group = findGroup(pipeline, take('group'), names.group ?? 'group');
  const day = today(now, group.timeZone);
  const months = take('months');
  const from = take('from');
  const to = take('to');
  if (months !== undefined && (from !== undefined || to !== undefined))
    throw fatal('bad-input', {
      where,
      what: `${months.field} and days exclude each other`,
      field: months.field,
      todo: `give ${months.field}, or ${names.from} and ${names.to}`,
    });
  if (months === undefined && names.months !== undefined && names.from === undefined)
    throw fatal('bad-input', {
      where,
      what: `${names.months} is missing`,
      field: names.months,
      allowed: monthsAllowed,
    });
  const window =
    months === undefined
      ? parseWindow({ from, to, names, day, where })
      : parseMonths({ given: months, day, where });
  const daysField = (months ?? from)?.field;
  if (window !== undefined && !pipeline.tables.some(({ cursor }) => cursor.kind === 'window'))
    throw fatal('bad-input', {
      where,
      what: 'no table of this pipeline is read by days',
      field: daysField,
      todo: 'leave the days out',
    });
  const writeMode = parseWriteMode(pipeline, take('writeMode'), window);
  const isResume = parseResume(take('resume'), where);
  const beside = daysField ?? (isResume ? names.resume : undefined);
  const anew = parseResnapshot(pipeline, { resnapshot: take('resnapshot'), table: take('table'), beside });
  return { group: group.name, window, writeMode, ...(isResume ? { isResume } : {}), ...anew };
}

function findGroup(pipeline: Pipeline, given: Given | undefined, field: string): Group {
  const allowed = pipeline.groups.map(({ name }) => name);
  const [only, ...others] = pipeline.groups;
  if (given === undefined && only !== undefined && others.length === 0) return only;
  const group = pipeline.groups.find(({ name }) => name === given?.value);
  if (group !== undefined) return group;
  const what = given === undefined ? `${field} is missing` : `${field} is unknown`;
  throw fatal('bad-input', { where: pipeline.name, what, field, got: given?.value, allowed });
}

function parseWindow({
  from,
  to,
  names,
  day,
  where,
}: {
  readonly from: Given | undefined;
  readonly to: Given | undefined;
  readonly names: Partial<OrderNames>;
  readonly day: string;
  readonly where: string;
}): DayWindow | undefined {
  if (from === undefined && to === undefined) return undefined;
  const missing = from === undefined ? names.from : to === undefined ? names.to : undefined;
  if (from === undefined || to === undefined)
    throw fatal('bad-input', {
      where,
      what: `${missing} is missing`,
      field: missing,
      allowed: 'YYYY-MM-DD',
      todo: 'give both days, or none for the incremental run',
    });
  const start = parseDay(from, day, where);
  const end = parseDay(to, day, where);
  if (start > end)
    throw fatal('bad-input', {
      where,
      what: `${from.field} is after ${to.field}`,
      field: from.field,
      got: start,
      allowed: `days up to ${end}`,
    });
  return { start, end };
}

function parseDay({ field, value }: Given, day: string, where: string): string {
  if (typeof value !== 'string' || !isDay(value))
    throw fatal('bad-input', {
      where,
      what: `${field} is not a day`,
      field,
      got: value,
      allowed: 'YYYY-MM-DD',
    });
  if (value > day)
    throw fatal('bad-input', {
      where,
      what: `${field} is in the future`,
      field,
      got: value,
      allowed: `days up to ${day}`,
    });
  return value;
}

function parseMonths({
  given,
  day,
  where,
}: {
  readonly given: Given;
  readonly day: string;
  readonly where: string;
}): DayWindow {
  const { field, value } = given;
  const months = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof months !== 'number' || !Number.isInteger(months) || months < 1 || months > mostMonths)
    throw fatal('bad-input', {
      where,
      what: `${field} is not a number of months`,
      field,
      got: value,
      allowed: monthsAllowed,
    });
  return { start: subtractMonths(day, months), end: addDays(day, -1) };
}

function parseResume(given: Given | undefined, where: string): boolean {
  if (given === undefined) return false;
  const { field, value } = given;
  if (value === true || value === 'true') return true;
  throw fatal('bad-input', {
    where,
    what: `${field} is not true`,
    field,
    got: value,
    allowed: 'true, or leave it out',
  });
}

function parseWriteMode(
  pipeline: Pipeline,
  given: Given | undefined,
  window: DayWindow | undefined,
): WriteMode | undefined {
  if (given === undefined) return undefined;
  const { field, value } = given;
  const tables = pipeline.tables.filter(({ cursor }) => window === undefined || cursor.kind === 'window');
  const allowed = writeModes.filter((mode) =>
    tables.every((table) => possibleWriteModes(table).includes(mode)),
  );
  const mode = allowed.find((each) => each === value);
  if (mode !== undefined) return mode;
  const known = writeModes.find((each) => each === value);
  const refusing = tables.find((table) => known !== undefined && !possibleWriteModes(table).includes(known));
  const what =
    refusing === undefined
      ? `${field} is unknown`
      : `${field} is not possible for table "${refusing.declared}"`;
  throw fatal('bad-input', { where: pipeline.name, what, field, got: value, allowed });
}
