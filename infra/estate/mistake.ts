import { fatal } from '../../functions/core/errors.ts';

export type Path = readonly (string | number)[];

/** One thing that is wrong in a stack file. */
export interface Mistake {
  /** Such as `pipelines.tiktok-marketing.groups.empower.advertiserIds[0]`. */
  readonly path: string;
  /** Line in the stack file, from 1; undefined when the value did not come from a file. */
  readonly line?: number | undefined;
  /** Reads on from the path: `is not a cron expression`. */
  readonly what: string;
  /** The value met, as it is written. */
  readonly got?: string | undefined;
  readonly allowed?: string | undefined;
  readonly todo?: string | undefined;
}

/** What a check hands over; the path and the value become text later. */
export interface Finding {
  readonly path: Path;
  /** When the path cannot tell it. */
  readonly line?: number | undefined;
  readonly what: string;
  readonly got?: unknown;
  readonly allowed?: string | readonly string[] | undefined;
  readonly todo?: string | undefined;
  /** What is missing is about to be written: commands that write it go on. */
  readonly isUnwritten?: true;
}

export type Report = (finding: Finding) => void;

/** Where a value stands in a stack file, and how it is written there. */
export type Locate = (path: Path) => {
  readonly line?: number | undefined;
  readonly source?: string | undefined;
};

/** `pipelines.a.groups.b.ids[0]` */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

export function toMistake(finding: Finding, locate: Locate): Mistake {
  const { path, what, got, allowed, todo } = finding;
  const { line, source } = finding.line === undefined ? locate(path) : { line: finding.line };
  const isNumber = typeof got === 'number' || typeof got === 'bigint';
  return {
    path: formatPath(path),
    line,
    what,
    // The source text of a number: an unquoted id beyond 2^53 is another number by the time it is parsed.
    got: got === undefined ? undefined : isNumber ? (source ?? String(got)) : shorten(JSON.stringify(got)),
    allowed: allowed === undefined || typeof allowed === 'string' ? allowed : allowed.join(', '),
    todo,
  };
}

/** All mistakes of one stack file as one error, in the order of the file. */
export function mistakesError(file: string, mistakes: readonly Mistake[]): Error {
  const sorted = [...mistakes].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const count = sorted.length === 1 ? '1 mistake' : `${sorted.length} mistakes`;
  return fatal('bad-input', {
    where: file,
    what: [`has ${count}`, ...sorted.map((mistake) => `  ${formatMistake(mistake)}`)].join('\n'),
  });
}

export function formatMistake({ path, line, what, got, allowed, todo }: Mistake): string {
  const parts = [got === undefined ? what : `${what}: got ${got}`];
  if (allowed !== undefined) parts.push(`allowed: ${allowed}`);
  if (todo !== undefined) parts.push(todo);
  const where = line === undefined ? '' : `line ${line}: `;
  return [where, path, path === '' ? '' : ' ', parts.join('; ')].join('');
}

/** `did you mean "x"?` for the nearest of the allowed words, if one is near enough to be a slip. */
export function didYouMean(got: string, allowed: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.ceil(got.length / 3) + 1;
  for (const word of allowed) {
    const distance = editDistance(got.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best === undefined ? undefined : `did you mean "${best}"?`;
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function shorten(text: string | undefined): string | undefined {
  return text !== undefined && text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
