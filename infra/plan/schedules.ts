import { Cron } from 'croner';
import cronstrue from 'cronstrue';
import type { Graph } from './graph.ts';

export interface ScheduleLine {
  /** Logical name of the scheduler job. */
  readonly name: string;
  readonly pipeline?: string | undefined;
  readonly cron: string;
  readonly timeZone: string;
  readonly paused: boolean;
  /** `At 06:00, every day` */
  readonly words: string;
  /** The next three, in the schedule's zone: `Sat 2026-11-21 06:00`. What would run if it were not paused. */
  readonly nextRuns: readonly string[];
}

/** The scheduler jobs of a program, sorted by name. */
export function schedulesOf(graph: Graph, now: Date): ScheduleLine[] {
  return graph.resources
    .filter(({ type }) => type === 'gcp:cloudscheduler/job:Job')
    .map(({ name, pipeline, inputs }) => {
      const cron = typeof inputs.schedule === 'string' ? inputs.schedule : '';
      const timeZone = typeof inputs.timeZone === 'string' ? inputs.timeZone : 'Etc/UTC';
      return {
        name,
        pipeline,
        cron,
        timeZone,
        paused: inputs.paused === true,
        words: cronWords(cron),
        nextRuns: nextRuns(cron, timeZone, now),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `0 6 * * *` is `At 06:00, every day`. */
export function cronWords(cron: string): string {
  return cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: true });
}

/** The next runs after `now` on the clock of `timeZone`. */
export function nextRuns(cron: string, timeZone: string, now: Date, count = 3): string[] {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return new Cron(cron, { timezone: timeZone, paused: true }).nextRuns(count, now).map((run) => {
    const parts = Object.fromEntries(clock.formatToParts(run).map(({ type, value }) => [type, value]));
    return `${parts.weekday} ${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;
  });
}
