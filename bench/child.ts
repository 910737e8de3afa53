import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a load cost a process of its own. */
export interface Measured {
  /** From an open, empty warehouse to a closed file. */
  readonly seconds: number;
  /** Processor time of the same, of all threads. */
  readonly cpuSeconds: number;
  /** Most memory that was resident at once since the process began, in MiB. */
  readonly peakMegabytes: number;
}

/** Runs a script that calls `measure`, in a process of its own. */
export async function runChild(script: string, input: unknown): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(input)]);
  return JSON.parse(stdout) as Measured;
}

/** The child's side: opens what it loads into, then does the load and tells the parent what that cost. */
export async function measure<Input>(open: (input: Input) => Promise<() => Promise<void>>): Promise<void> {
  const load = await open(JSON.parse(process.argv[2] ?? 'null') as Input);
  const began = performance.now();
  const before = process.cpuUsage();
  await load();
  const { user, system } = process.cpuUsage(before);
  const measured: Measured = {
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(measured));
}
