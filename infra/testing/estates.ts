import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStackFile } from '../estate.ts';

/** Names of the stack files of a project, such as `Pulumi.dev.yaml`. */
export function stackFilesOf(root: string): string[] {
  return readdirSync(join(root, 'stacks')).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
}

/** What these files say, those that are deployed apart from the twins. */
export async function readEstates(root: string) {
  const estates = await Promise.all(
    stackFilesOf(root).map((name) => {
      const file = `stacks/${name}`;
      return parseStackFile(readFileSync(join(root, file), 'utf8'), { file, root });
    }),
  );
  return {
    cloud: estates.filter(({ gcp }) => gcp !== undefined),
    twins: estates.filter(({ gcp }) => gcp === undefined),
  };
}
