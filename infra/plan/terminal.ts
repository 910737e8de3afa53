import type { Block, Document, Section } from './document.ts';
import { textTable, wrap } from './text-table.ts';

export interface TerminalOptions {
  /** Terminal columns. */
  readonly width: number;
  /** Makes a text bold or red, or leaves it as it is. */
  readonly paint: (style: 'bold' | 'red', text: string) => string;
}

/** A plan for a terminal. What matters most comes last, next to the prompt. */
export function terminalText(document: Document, { width, paint }: TerminalOptions): string[] {
  const section = ({ title, blocks }: Section) => [
    '',
    paint('bold', title),
    ...blocks.flatMap((block) => blockLines(block, width)),
  ];
  const { title, estate, changes, problems } = document;
  return [
    paint('bold', title),
    ...estate.flatMap(section),
    ...(changes === undefined ? [] : section(changes)),
    ...(problems === undefined ? [] : section(problems)),
  ].map((line) => line.replace('UNEXPLAINED', paint('red', 'UNEXPLAINED')));
}

function blockLines(block: Block, width: number): string[] {
  switch (block.kind) {
    case 'text':
      return wrap(block.text, width - 2).map((line) => `  ${line}`);
    case 'table':
      return textTable(block.columns, block.rows, width);
    case 'list':
      return block.items.flatMap(({ sign, head, lines }) => [
        `  ${sign} ${head}`,
        ...lines.flatMap((line) =>
          wrap(line, width - 8).map((part, index) => `${index === 0 ? '      ' : '        '}${part}`),
        ),
      ]);
    case 'sql':
      // Never wrapped: it is there to be copied.
      return block.text.split('\n').map((line) => `    ${line}`);
  }
}
