import { describe, expect, it } from 'vitest';
import { mask } from './mask.ts';

describe('mask', () => {
  it('shows at most two characters at each end and nothing of a short value', () => {
    expect(['', 'ab', 'abcd', 'abcdef', 'x'.repeat(1000), 12345678, null, { a: 1 }, [1]].map(mask)).toEqual([
      '""',
      '**',
      '****',
      '******',
      'xx…(1000)…xx',
      '12****78',
      'NULL',
      'object',
      'list(1)',
    ]);
  });
});
