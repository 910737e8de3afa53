import type { WatermarkRange } from '../core/cursor.ts';

/** A watermark column in the SQL of its database. */
export interface Watermark {
  /** The column, quoted. */
  readonly name: string;
  /** SQL of a column of that name as canonical text. */
  readonly text: string;
  /** A value in the column's own type, which its index has. */
  literal(value: string): string;
  /** Conditions that hold for true values, and not for a date that is no date. */
  readonly finite: readonly string[];
  /** A condition for rows whose cell arrives as NULL. */
  readonly empty: string;
  /** A condition for values that are none and do not arrive as NULL; undefined when there are none. */
  readonly endless: string | undefined;
}

export interface RangeQuestion {
  /** What stands behind FROM. */
  readonly relation: string;
  readonly watermark: Watermark;
  /** Rows without counting, if the database knows. */
  readonly estimate: number | undefined;
  readonly from: string | undefined;
  readonly isOpen: boolean;
  /** Undefined for one range, however large. */
  readonly chunkRows: number | undefined;
  /**
   * SQL of values that part the rows into so many about equal parts: one column, growing.
   *
   * @default numbers all rows in the order of the watermark
   */
  readonly edges?: ((where: string, parts: number) => string) | undefined;
  readonly ask: (sql: string) => Promise<readonly (readonly (string | null)[])[]>;
}

/** The rows of a range. The first one of a table also takes rows that have no value. */
export function rangeSql(watermark: Watermark, range: WatermarkRange): string {
  const { name, literal } = watermark;
  if (range.to === undefined) return `(${valuelessSql(watermark)})`;
  const upper = `${name} ${range.isOpen === true ? '<' : '<='} ${literal(range.to)}`;
  if (range.from !== undefined) return `${name} >= ${literal(range.from)} AND ${upper}`;
  return `(${upper} OR ${valuelessSql(watermark)})`;
}

/** The rows that no value finds. */
function valuelessSql({ empty, endless }: Watermark): string {
  return endless === undefined ? empty : `${empty} OR ${endless}`;
}

/**
 * Which values a watermark has from `from` on, in ranges of about `chunkRows` rows, and last the rows without a value, unless
 * the first of these ranges takes them; none when there is nothing new.
 */
export async function findRanges(question: RangeQuestion): Promise<readonly WatermarkRange[]> {
  const ranges = await findValues(question);
  if (question.from === undefined && ranges.length > 0) return ranges;
  const { relation, watermark, ask, isOpen } = question;
  // What is appended is compared with the NULLs in the warehouse, where infinite dates may not be.
  const where = isOpen ? watermark.empty : valuelessSql(watermark);
  const [[count = null] = []] = await ask(`SELECT count(*) FROM ${relation} WHERE ${where}`);
  const rows = Number(count);
  return rows === 0 ? ranges : [...ranges, { rows }];
}

async function findValues(question: RangeQuestion): Promise<readonly WatermarkRange[]> {
  const { relation, watermark, estimate, from, isOpen, chunkRows, ask } = question;
  const { name, text, literal, finite } = watermark;
  const lower = from === undefined ? [] : [`${name} >= ${literal(from)}`];
  const whereOf = (bounds: readonly string[]) =>
    bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`;
  const one = async (sql: string) => (await ask(sql))[0]?.[0] ?? undefined;

  // By the index, if there is one.
  const newest = `SELECT max(${name}) AS ${name} FROM ${relation}${whereOf([...lower, ...finite])}`;
  const to = await one(`SELECT ${text} FROM (${newest}) AS m`);
  if (to === undefined) return [];

  if (isOpen) {
    const older = `${name} < ${literal(to)}`;
    const bounds = from === undefined ? [`(${older} OR ${valuelessSql(watermark)})`] : [...lower, older];
    const found = await one(`SELECT 1 FROM ${relation}${whereOf(bounds)} LIMIT 1`);
    if (found === undefined) return [];
  }

  if (chunkRows === undefined) return cutRanges({ from, to, isOpen, edges: [] });
  const bounds = [...lower, `${name} <= ${literal(to)}`];
  const rows =
    from === undefined && estimate !== undefined
      ? estimate
      : Number(await one(`SELECT count(*) FROM ${relation}${whereOf(bounds)}`));
  if (rows <= chunkRows) return cutRanges({ from, to, isOpen, edges: [] });

  // Every so many rows, the value that is reached.
  const numbered = `SELECT ${name}, row_number() OVER (ORDER BY ${name}) AS catchment_row FROM ${relation}${whereOf(bounds)}`;
  const reached = `SELECT DISTINCT ${name} FROM (${numbered}) AS n WHERE catchment_row % ${chunkRows} = 0`;
  const numbering = `SELECT ${text} FROM (${reached}) AS d ORDER BY ${name}`;
  const edges = await ask(question.edges?.(whereOf(bounds), Math.ceil(rows / chunkRows)) ?? numbering);
  return cutRanges({ from, to, isOpen, edges: edges.flatMap(([edge]) => (edge ? [edge] : [])) });
}

/**
 * Cuts what lies between `from` and `to` at the edges, without a gap and without an overlap: all but the last range end
 * before their edge, where the next one begins.
 *
 * @param edges growing values, each between `from` and `to`
 */
export function cutRanges({
  from,
  to,
  isOpen,
  edges,
}: {
  readonly from: string | undefined;
  readonly to: string;
  readonly isOpen: boolean;
  readonly edges: readonly string[];
}): readonly WatermarkRange[] {
  // At `to` itself an open range would begin and end.
  const inner = edges.filter((edge) => edge !== from && !(isOpen && edge === to));
  return [from, ...inner].map((start, index) => {
    const next = inner[index];
    const begin = start === undefined ? {} : { from: start };
    if (next !== undefined) return { ...begin, to: next, isOpen: true };
    return { ...begin, to, ...(isOpen ? { isOpen } : {}) };
  });
}
