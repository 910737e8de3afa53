import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileRef } from '../../functions/core/extract.ts';
import type { WarehouseConfig } from '../../functions/core/pipeline.ts';

/** A warehouse with its own command line. */
export interface Engine {
  readonly name: string;
  /** What a person would type, in words. */
  readonly typed: Readonly<Record<'csv' | 'ndjson' | 'parquet', string>>;
  /** Where the kit loads to. */
  readonly place: { readonly config: WarehouseConfig; readonly secret?: unknown };
  /** Makes room for a load by hand, which is not measured. */
  prepare(): Promise<{
    /** @returns seconds, where the load measures itself */
    load(path: string, format: FileRef['format']): Promise<number | undefined>;
  }>;
  /** Of what was loaded by hand and by the kit: count, sums and ends as one text each. */
  checksums(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Columns of the orders for a checksum. NULL and empty texts are one: some command lines cannot tell them apart.
 *
 * @param length function that counts characters of a text
 */
export function summed(length: string): string {
  const lengths = ['title', 'notes', 'reference', 'digest'].map((name) => `sum(${length}(${name}))`);
  return `count(*), sum(id), sum(customer_id), round(sum(amount)), max(ratio), min(ordered_on), max(ordered_on), min(opens_at), max(opens_at),
    min(placed_at), max(placed_at), max(status), ${lengths.join(', ')}`;
}

/** Runs a program to its end and gives what it printed. */
export async function type(
  program: string,
  words: readonly string[],
  { env = {}, input }: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<string> {
  const child = spawn(program, words, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stdin.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return output.trim();
}

/** Parquet as CSV, for command lines that do not read it: a process of its own, as a person would call one. */
export function toCsv(path: string): Promise<string> {
  return type(process.execPath, [new URL('to-csv.ts', import.meta.url).pathname, path]);
}
