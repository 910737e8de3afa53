const gap = '  ';
const narrowest = 6;

/**
 * A table of plain text whose cells wrap instead of being cut: what a role is granted on must be readable to the
 * end. Two blanks between columns, a line under the titles.
 *
 * @param width terminal columns, the indent included
 */
export function textTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  indent = '  ',
): string[] {
  const natural = columns.map((title, at) =>
    Math.max(title.length, ...rows.flatMap((row) => (row[at] ?? '').split('\n').map((line) => line.length))),
  );
  const widths = shrink(natural, width - indent.length - gap.length * (columns.length - 1));
  const rule = widths.map((each) => '─'.repeat(each));
  return [columns, rule, ...rows].flatMap((row) => {
    const cells = widths.map((each, at) => wrap(row[at] ?? '', each));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      (indent + cells.map((lines, at) => (lines[line] ?? '').padEnd(widths[at] ?? 0)).join(gap)).trimEnd(),
    );
  });
}

/** Lines of at most `width` characters: broken at blanks, else after `/ . - _ , :`, else anywhere. */
export function wrap(content: string, width: number): string[] {
  return content.split('\n').flatMap((line) => {
    const lines: string[] = [];
    let rest = line;
    while (rest.length > width) {
      const head = rest.slice(0, width + 1);
      const blank = head.lastIndexOf(' ');
      const mark = Math.max(
        ...['/', '.', '-', '_', ',', ':'].map((each) => head.slice(0, width).lastIndexOf(each)),
      );
      const cut = blank > 0 ? blank : mark > 0 ? mark + 1 : width;
      lines.push(rest.slice(0, cut));
      rest = rest.slice(cut).trimStart();
    }
    return [...lines, rest];
  });
}

/** Takes from the widest column, one by one, until all fit or none can give any more. */
function shrink(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  for (let used = sum(widths); used > width; used--) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
