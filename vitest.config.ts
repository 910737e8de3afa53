import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{functions,infra,cli,twin,tests,bench}/**/*.test.ts'],
    typecheck: { enabled: false },
    reporters: ['dot', './tests/setup/closing-line.ts'],
    testTimeout: 30_000,
  },
});
