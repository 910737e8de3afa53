import type { Inferred } from '../infer-schemas.ts';
import { descriptionLines } from './inspection.ts';

/** What became of a schema file, what changes in it, and what its table looks like. */
export function inferredLines(
  { file, table, outcome, diff, description }: Inferred,
  width: number,
): string[] {
  const words: Readonly<Record<Inferred['outcome'], string>> = {
    written: `wrote ${file}`,
    same: `${file} is as the source says`,
    differs: `${file} says something else and was left as it is; --force writes it anew:`,
    overwritten: `wrote ${file} anew:`,
    missing: `${file} is not there; without --check it is written`,
  };
  return [
    words[outcome],
    ...diff.map((line) => `  ${line}`),
    '',
    ...descriptionLines(table, description, width),
    '',
  ];
}
