import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{functions,infra,cli,twin,tests,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['./tests/setup/install.ts'],
    typecheck: { enabled: false },
    reporters: ['dot', './tests/setup/closing-line.ts'],
    testTimeout: 30_000,
    // A database server is started in a hook, on a machine that may be busy.
    hookTimeout: 120_000,
  },
});
