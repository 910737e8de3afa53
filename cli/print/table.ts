import { clip, displayWidth, printable } from './width.ts';

export interface TableColumn {
  readonly title: string;
  /** Numbers go right and are never cut. @default "left" */
  readonly align?: 'left' | 'right';
}

export interface TableOptions {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
  /** A last row under a line of its own. */
  readonly total?: readonly string[] | undefined;
  /** Terminal columns there are. @default no limit */
  readonly width?: number | undefined;
}

export interface RenderedTable {
  readonly lines: readonly string[];
  /** Titles of the columns, from the right, for which there was no room. */
  readonly hidden: readonly string[];
}

const gap = 2;
const narrowest = 8;

/** A table of plain text: two blanks between columns, text is cut before columns are left out. */
export function renderTable({
  columns,
  rows,
  total,
  width = Number.POSITIVE_INFINITY,
}: TableOptions): RenderedTable {
  const cells = [...rows, ...(total === undefined ? [] : [total])].map((row) => row.map(printable));
  const natural = columns.map(({ title }, at) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[at] ?? ''))),
  );
  const { widths, shown } = fitWidths(natural, columns, width);
  const line = (row: readonly string[]) =>
    columns
      .slice(0, shown)
      .map(({ align }, at) => pad(row[at] ?? '', widths[at] ?? 0, align ?? 'left'))
      .join(' '.repeat(gap))
      .trimEnd();
  const rule = widths
    .slice(0, shown)
    .map((each) => '─'.repeat(each))
    .join(' '.repeat(gap));
  const body = cells.map(line);
  if (total !== undefined) body.splice(-1, 0, rule);
  const titles = columns.map(({ title }) => title);
  return { lines: [line(titles), rule, ...body], hidden: titles.slice(shown) };
}

/** Leaves out columns from the right until the others can fit, then takes from the widest text column, one by one. */
function fitWidths(natural: readonly number[], columns: readonly TableColumn[], width: number) {
  const isText = (at: number) => columns[at]?.align !== 'right';
  const least = natural.map((each, at) => (isText(at) ? Math.min(each, narrowest) : each));
  let shown = natural.length;
  while (shown > 1 && totalOf(least.slice(0, shown)) > width) shown -= 1;

  const widths = natural
    .slice(0, shown)
    .map((each, at) => (isText(at) ? Math.min(each, Math.max(narrowest, width)) : each));
  for (let over = totalOf(widths) - width; over > 0; over -= 1) {
    const widest = Math.max(...widths.filter((_, at) => isText(at)));
    if (widest <= narrowest) break;
    widths[widths.findIndex((each, at) => isText(at) && each === widest)] = widest - 1;
  }
  return { widths, shown };
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each + gap, -gap);
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const clipped = align === 'left' ? clip(text, width) : text;
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(clipped)));
  return align === 'left' ? clipped + blanks : blanks + clipped;
}
