import type { Reporter, TestModule } from 'vitest/node';

/** Closes the output with one plain line, `N passed, N failed, N skipped`, and names every skipped test. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'pending') continue;
        count[result.state] += 1;
        const why = result.state === 'skipped' ? (result.note ?? 'no reason given') : undefined;
        if (why !== undefined) console.log(`skipped: ${test.fullName}: ${why}`);
      }
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
