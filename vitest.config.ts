import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{functions,infra,cli,twin,tests,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    globalSetup: ['./tests/setup/install.ts'],
    typecheck: { enabled: false },
    // By default one core is left free; most of these tests wait for a server or a child process half of their time.
    maxWorkers: Math.max(2, availableParallelism()),
    reporters: ['dot', './tests/setup/closing-line.ts'],
    testTimeout: 30_000,
    // A database server is started in a hook, on a machine that may be busy.
    hookTimeout: 120_000,
  },
});
