/**
 * The first `count` records, and beyond them the first record with a value in a field that had none before, at any
 * depth: a sample in which nothing is always empty.
 */
export function coveringRecords(records: readonly unknown[], count: number): unknown[] {
  return covering(records, count, (record) => filledPaths(record, ''));
}

/** The same for lines that are cut into cells. */
export function coveringValues(
  lines: readonly string[],
  cells: (line: string) => readonly string[],
  count: number,
): string[] {
  return covering(lines, count, (line) =>
    cells(line).flatMap((cell, index) => (cell === '' ? [] : [String(index)])),
  );
}

function covering<T>(items: readonly T[], count: number, filled: (item: T) => readonly string[]): T[] {
  const seen = new Set<string>();
  return items.filter((item, index) => {
    const fresh = filled(item).filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    return index < count || fresh.length > 0;
  });
}

function filledPaths(value: unknown, path: string): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => filledPaths(inner, `${path}.${key}`));
}
