import type { Block, Document, Section } from './document.ts';

/** A comment on GitHub holds 65,536 characters. */
const longest = 65_000;

/** A plan for a pull request: problems and changes open, the estate as it will be folded away below. */
export function markdownText({ title, estate, changes, problems }: Document, limit = longest): string {
  const open = [
    `## ${title}`,
    ...[problems, changes].flatMap((each) => (each === undefined ? [] : [section(each)])),
  ];
  const folded = estate.map(({ title: name, blocks }) =>
    [`<details><summary>${name}</summary>`, ...blocks.map(markdown), '</details>'].join('\n\n'),
  );
  const left: string[] = [];
  let length = open.join('\n\n').length;
  for (const [index, part] of folded.entries()) {
    length += part.length + 2;
    if (length <= limit) open.push(part);
    else left.push(estate[index]?.title ?? '');
  }
  if (left.length > 0)
    open.push(
      `Left out, because a comment has a limit: ${left.join(', ')}. \`npx catchment plan\` shows them.`,
    );
  return `${open.join('\n\n')}\n`;
}

function section({ title, blocks }: Section): string {
  return [`### ${title}`, ...blocks.map(markdown)].join('\n\n');
}

function markdown(block: Block): string {
  switch (block.kind) {
    case 'text':
      return escaped(block.text);
    case 'list': {
      // GitHub colours these signs; a changed line is `!` there.
      const lines = block.items.flatMap(({ sign, head, lines: about }) => [
        `${sign === '~' ? '!' : sign} ${head}`,
        ...about.map((line) => `    ${line}`),
      ]);
      return `\`\`\`diff\n${lines.join('\n')}\n\`\`\``;
    }
    case 'sql':
      return `\`\`\`sql\n${block.text}\n\`\`\``;
    case 'table': {
      const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
      return [line(block.columns), `|${' --- |'.repeat(block.columns.length)}`, ...block.rows.map(line)].join(
        '\n',
      );
    }
  }
}

function cell(content: string): string {
  return escaped(content).replaceAll('|', '\\|').replaceAll('\n', '<br>');
}

/** Cron expressions and wildcards are full of stars; names are full of underscores. */
function escaped(content: string): string {
  return content.replaceAll(/[*_<]/g, (mark) => (mark === '<' ? '&lt;' : `\\${mark}`));
}
