/** Writes "passed failed" into the file that `./atoll test` names, which ends its run with one plain line of both. */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env["VITEST_COUNTS_FILE"];
    if (file === undefined) return;
    let passed = 0;
    // An error outside any test, and a file that could not be loaded, are failures too.
    let failed = errors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        if (state === "failed") failed += 1;
      }
    }
    writeFileSync(file, `${passed} ${failed}\n`);
  }
}
