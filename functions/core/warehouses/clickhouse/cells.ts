/** `Nullable(LowCardinality(X))` is read like X. */
function bare(type: string): string {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/.exec(type)?.[1];
  return inner === undefined ? type : bare(inner);
}

const denormal: Readonly<Record<string, string>> = { nan: 'NaN', inf: 'Infinity', '-inf': '-Infinity' };

/**
 * A cell of `JSONCompact` as a JSON-ready value: integers a number, or text beyond 2^53; decimals text; floats a number,
 * NaN and infinities text; moments of a TIMESTAMP column with `+00`.
 */
export function readCell(type: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const name = bare(type);
  if (/^U?Int\d+$/.test(name)) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (name.startsWith('Float')) return typeof value === 'string' ? (denormal[value] ?? value) : value;
  if (name.startsWith('DateTime')) return `${trimmed(String(value))}${name.includes("'UTC'") ? '+00' : ''}`;
  if (name.startsWith('Array(')) return (value as unknown[]).map((item) => readCell(name.slice(6, -1), item));
  return value;
}

/** A cell as the readers of ledger rows take it; moments as ISO text. */
export function cellText(type: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return bare(type).startsWith('DateTime') ? `${String(value).replace(' ', 'T')}Z` : String(value);
}

function trimmed(moment: string): string {
  return moment.includes('.') ? moment.replace(/\.?0+$/, '') : moment;
}
