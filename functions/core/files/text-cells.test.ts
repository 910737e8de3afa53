import { expect, it } from 'vitest';
import type { ByteStream } from '../bytes.ts';
import { cheapestText } from './text-cells.ts';

const streamOf = (formats: ByteStream['formats'], columns: readonly string[]) =>
  ({ formats, columns }) as ByteStream;

it('reads lines where the source writes them', () => {
  expect(cheapestText(streamOf(['csv', 'tsv', 'pgcopy'], ['id', 'name']))).toBe('tsv');
  expect(cheapestText(streamOf(['csv'], ['id', 'name']))).toBe('csv');
});

it('reads a single column as csv, because an empty text would be an empty line', () => {
  expect(cheapestText(streamOf(['csv', 'tsv'], ['name']))).toBe('csv');
});
