import { fatal } from '../core/errors.ts';

/**
 * The parts of `schema.table`. A part in the quotes of its database may hold anything, dots too; the quote is doubled
 * inside.
 *
 * @throws fatal `bad-input` when it has more parts than `most`, or none
 */
export function parseTableName(text: string, quote: '"' | '`', most: number, table: string): string[] {
  const part = new RegExp(
    `^(?:${quote}((?:[^${quote}]|${quote}${quote})+)${quote}|([^.${quote}]+))(?:\\.(?=.)|$)`,
  );
  const parts: string[] = [];
  let rest = text;
  while (rest !== '') {
    const [whole, quoted, bare] = part.exec(rest) ?? [];
    if (whole === undefined) break;
    parts.push(quoted?.replaceAll(quote + quote, quote) ?? bare?.trim() ?? '');
    rest = rest.slice(whole.length);
  }
  if (rest === '' && parts.length > 0 && parts.length <= most) return parts;
  throw fatal('bad-input', {
    where: table,
    what: '`from` is no name of a table',
    got: text,
    allowed: most === 3 ? 'project.dataset.table' : 'schema.table, or table',
    todo: `put a part with a dot or a quote into ${quote}, and double a ${quote} inside`,
  });
}

/** True for a part of a table's name that needs no quotes in the stack file. */
export function isPlainName(part: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_$-]*$/.test(part);
}
