/**
 * Suites that need a real server. Where it is missing, a run that must be whole (`./atoll test`, CI) fails; elsewhere the suite is left out, and
 * the end of the run says so.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LEFT_OUT } from "./left-out.ts";
import { runFolder } from "./run-folder.ts";

/** `missing`: why the server cannot be started here, or undefined. */
export function describeWith(server: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) describe(`real ${server}`, suite);
  else if (process.env["CI"] !== undefined)
    test(`${server} is here, as this run must be whole`, () => {
      expect(missing).toBeUndefined();
    });
  else {
    appendFileSync(join(runFolder(), LEFT_OUT), `${server}: ${missing}\n`);
    describe.skip(`real ${server}`, suite);
  }
}
