import { fatal } from '../../errors.ts';
import type { Quarantined } from '../../rows/check.ts';
import { copyIn } from './copy-in.ts';
import type { Sql } from './database.ts';
import { codeOf, isBadData } from './errors.ts';

/** Lines that are left out one after another before the whole is given up. */
const mostRefused = 100;

/** What PostgreSQL cannot keep of values that every schema allows, by SQLSTATE. */
const reasons: Readonly<Record<string, string>> = {
  '22021': 'holds a NUL character, which PostgreSQL keeps in no text',
  '22P05': 'holds a NUL or half a character as an escape, which jsonb cannot keep',
  '22003': 'is out of the range of its type',
  '22P02': 'is no JSON that jsonb takes',
};

/**
 * Copies lines of COPY's text format that were checked before. A line that the server refuses all the same is left out
 * and told; each costs another attempt.
 *
 * @param chunks the lines, anew at each call
 * @param savepoint wraps one attempt, so that its failure leaves the transaction alive
 */
export async function copyLines(
  sql: Sql,
  statement: string,
  chunks: () => AsyncIterable<Uint8Array>,
  where: string,
): Promise<{ readonly rows: number; readonly refused: readonly Quarantined[] }> {
  const skipped = new Set<number>();
  const refused: Quarantined[] = [];
  for (;;) {
    await sql.run('SAVEPOINT copy_lines');
    try {
      const lines = skipped.size === 0 ? chunks() : withoutLines(chunks(), skipped);
      const { rows } = await copyIn(sql, statement, lines, where);
      await sql.run('RELEASE SAVEPOINT copy_lines');
      return { rows, refused };
    } catch (error) {
      const place = isBadData(error) ? placeOf(error) : undefined;
      if (place === undefined) throw error;
      await sql.run('ROLLBACK TO SAVEPOINT copy_lines');
      const line = realLine(place.line, skipped);
      skipped.add(line);
      const code = codeOf(error);
      refused.push({
        path: place.column,
        reason: reasons[code] ?? `is refused by PostgreSQL (${code})`,
        masked: '***',
      });
      if (skipped.size > mostRefused)
        throw fatal('bad-row', {
          where,
          what: `PostgreSQL refuses more than ${mostRefused} rows, the last because its ${place.column} ${refused.at(-1)?.reason}`,
          todo: 'nothing of the slice was loaded; mend the source',
          cause: error,
        });
    }
  }
}

/** Line, from 1, and column that an error of COPY is about. */
function placeOf(error: unknown): { readonly line: number; readonly column: string } | undefined {
  const context = (error as { where?: string }).where ?? '';
  const [, line, column = ''] = /COPY .*?, line (\d+)(?:, column ([^\s:]+))?/.exec(context) ?? [];
  return line === undefined ? undefined : { line: Number(line), column };
}

/** The line as it stands in the whole, from the line among those that were not skipped. */
function realLine(counted: number, skipped: ReadonlySet<number>): number {
  let line = 0;
  for (let left = counted; left > 0; ) {
    line += 1;
    if (!skipped.has(line)) left -= 1;
  }
  return line;
}

async function* withoutLines(
  chunks: AsyncIterable<Uint8Array>,
  skipped: ReadonlySet<number>,
): AsyncGenerator<Uint8Array> {
  let line = 1;
  for await (const chunk of chunks) {
    let from = 0;
    while (from < chunk.length) {
      const end = chunk.indexOf(10, from);
      const to = end === -1 ? chunk.length : end + 1;
      if (!skipped.has(line)) yield chunk.subarray(from, to);
      if (end !== -1) line += 1;
      from = to;
    }
  }
}
