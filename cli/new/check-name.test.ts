import { expect, it } from 'vitest';
import { checkSourceName } from './check-name.ts';

it.each(['a', 'my-source', 'ga4', 'x2-y3', 'a'.repeat(25)])('takes the name "%s"', (name) => {
  expect(() => checkSourceName(name)).not.toThrow();
});

it.each(['', 'My-Source', '4ga', 'a--b', 'a-', '-a', 'a_b', 'a/b', '../a', 'ä', 'a b'])(
  'refuses the name "%s" and says what is allowed',
  (name) => {
    expect(() => checkSourceName(name)).toThrow(
      `the name of a source is not valid: got ${JSON.stringify(name)}; allowed: lower-case letters, digits and ` +
        'single dashes, starting with a letter, such as my-source',
    );
  },
);

it('refuses a name that is too long for the names made of it', () => {
  expect(() => checkSourceName('a'.repeat(26))).toThrow(
    /^the name of a source is too long \(26\): got "a{26}"; allowed: at most 25 characters$/,
  );
});

it('refuses the name of the runtime folder', () => {
  expect(() => checkSourceName('core')).toThrow(
    'the name of a source is taken by the kit: got "core"; allowed: all but core',
  );
});
