import { Cron } from 'croner';
import { didYouMean, type Path, type Report } from './mistake.ts';

/** The fields that Cloud Scheduler and the twin both understand; croner alone would also take `@daily` and `L`. */
const unixCron = /^(?:[\d*,/-]|[A-Z]{3})+(?:\s+(?:[\d*,/-]|[A-Z]{3})+){4}$/i;

/** Reports a cron expression that cannot be read or that never fires. */
export function checkCron(cron: string, path: Path, report: Report): void {
  const allowed = 'five fields: minute hour day month weekday, e.g. "0 6 * * *"';
  if (!unixCron.test(cron.trim())) {
    report({ path, what: 'is not a cron expression', got: cron, allowed });
    return;
  }
  try {
    const next = new Cron(cron, { mode: '5-part', timezone: 'UTC' }).nextRun();
    if (next === null) report({ path, what: 'names a time that never comes', got: cron });
  } catch {
    report({ path, what: 'is not a cron expression', got: cron, allowed });
  }
}

/** Reports a time zone that is not an IANA name. */
export function checkTimeZone(timeZone: string, path: Path, report: Report): void {
  if (isTimeZone(timeZone)) return;
  const todo = didYouMean(timeZone, ['UTC', 'Etc/UTC', ...Intl.supportedValuesOf('timeZone')]);
  report({
    path,
    what: 'is not a time zone',
    got: timeZone,
    allowed: 'IANA names such as Europe/Rome',
    todo,
  });
}

/** Reports a day that does not exist or lies in the future. */
export function checkSince(since: string, today: string, path: Path, report: Report): void {
  const parsed = new Date(`${since}T00:00:00Z`);
  const exists = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(since);
  if (!exists) report({ path, what: 'is not a day', got: since, allowed: 'a day such as 2026-01-31' });
  else if (since > today) report({ path, what: 'lies in the future', got: since, allowed: `up to ${today}` });
}

function isTimeZone(timeZone: string): boolean {
  // An offset such as +02:00 is understood by Intl and by nobody else here.
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
