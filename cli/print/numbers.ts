const thousands = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** `1,234,567` */
export function formatCount(count: number): string {
  return thousands.format(count);
}

/** Bytes as decimal megabytes with one digit after the point, without the unit. */
export function formatMegabytes(bytes: number): string {
  return tenths.format(bytes / 1e6);
}

/** Milliseconds as seconds with one digit after the point, without the unit. */
export function formatSeconds(ms: number): string {
  return tenths.format(ms / 1000);
}

/** Rows per second, without the unit; `-` when nothing was read or no time passed. */
export function formatRate(rows: number, ms: number): string {
  return rows === 0 || ms <= 0 ? '-' : thousands.format(rows / (ms / 1000));
}

/** How long ago, in the largest unit that is at least one: `just now`, `5 min ago`, `3 h ago`, `2 d ago`. */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** `1 slice`, `2 slices` */
export function formatPlural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}
