import { fatal } from '../../functions/core/errors.ts';

/** Lower case with single dashes: it is a folder, a part of cloud names, and with underscores a dataset. */
const pattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** `cron-<name>` is the id of a service account, which has 30 at most. */
const longest = 25;
const reserved = ['core'];

/** @throws fatal `bad-input` unless a source may have this name */
export function checkSourceName(name: string): void {
  const refuse = (what: string, allowed: string) => fatal('bad-input', { what, got: name, allowed });
  if (!pattern.test(name))
    throw refuse(
      'the name of a source is not valid',
      'lower-case letters, digits and single dashes, starting with a letter, such as my-source',
    );
  if (name.length > longest)
    throw refuse(`the name of a source is too long (${name.length})`, `at most ${longest} characters`);
  if (reserved.includes(name))
    throw refuse('the name of a source is taken by the kit', `all but ${reserved}`);
}
