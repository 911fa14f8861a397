import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["node_modules/**", "dist/**", ".atoll/**"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: "forks",
    maxWorkers: 2,
    // Stories of real processes on a shared machine: in CI a failure is looked at once more, and the report says which test needed it.
    retry: process.env["CI"] ? 1 : 0,
    globalSetup: ["test/servers/global-setup.ts"],
  },
});
