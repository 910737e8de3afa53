import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a load cost a process of its own. */
export interface Measured {
  /** From the first to the last statement of the load, without the start of the process. */
  readonly seconds: number;
  /** Processor time of the load, of all threads. */
  readonly cpuSeconds: number;
  /** Most memory that was resident at once since the process began, in MiB. */
  readonly peakMegabytes: number;
}

/** Runs a script that calls `measure`, in a process of its own. */
export async function runChild(script: string, input: unknown): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(input)]);
  return JSON.parse(stdout) as Measured;
}

/** The child's side: does the load with the parent's input and tells what it cost. */
export async function measure<Input>(load: (input: Input) => Promise<void>): Promise<void> {
  const input = JSON.parse(process.argv[2] ?? 'null') as Input;
  const began = performance.now();
  const before = process.cpuUsage();
  await load(input);
  const { user, system } = process.cpuUsage(before);
  const measured: Measured = {
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(measured));
}
