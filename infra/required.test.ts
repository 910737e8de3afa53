import { expect, test } from 'vitest';
import { required } from './required.ts';

test('what is there is handed on, what is not ends the program', () => {
  expect(required('', 'a name')).toBe('');
  expect(() => required(undefined, 'the dataset of ads')).toThrow(
    'the dataset of ads was not made; report this: the program contradicts itself',
  );
});
