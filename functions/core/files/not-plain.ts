/** Something in a file that readers take in different ways, or that breaks the schema: only the checked reader can tell. */
export class NotPlain extends Error {}

/** True also when it made a statement break off, whose error has it as its cause. */
export function isNotPlain(error: unknown): boolean {
  return error instanceof NotPlain || (error as Error | undefined)?.cause instanceof NotPlain;
}
