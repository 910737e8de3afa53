const dayMs = 86_400_000;

/** A day as the number of days since 1970-01-01. */
export type Day = number;

export function dayNumber(text: string): Day {
  return Date.parse(`${text}T00:00:00Z`) / dayMs;
}

export function dayText(day: Day): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export function today(now: Date): Day {
  return Math.floor(now.getTime() / dayMs);
}

/** 0 is Sunday. */
export function weekday(day: Day): number {
  return (day + 4) % 7;
}

/** 0 is January. */
export function month(day: Day): number {
  return new Date(day * dayMs).getUTCMonth();
}
